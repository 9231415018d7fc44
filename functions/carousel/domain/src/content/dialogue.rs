//! What the model is asked about one brief, call by call: the request, one repair, and what is made of the answers.

use serde_json::Value;

use super::{
    Answer, Brevity, Brief, Prompt, TokenCount, Violation, Written, accept, accept_with_cuts,
    obedience::obedience, parse_answer, prompt, repair_request,
};

/// One call of the model.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelRequest {
    pub prompt: Prompt,
    pub repair: Option<Repair>,
}

/// An answer with violations, as the model gave it, and the message that lists them.
#[derive(Debug, Clone, PartialEq)]
pub struct Repair {
    pub answer: String,
    pub violations: Value,
}

impl ModelRequest {
    /// Returns the most that the call can use.
    pub fn tokens_at_most(&self) -> TokenCount {
        let Prompt {
            system,
            data,
            schema,
            max_tokens,
        } = &self.prompt;
        let repair = self.repair.iter();
        let repair = repair.map(|repair| format!("{}{}", repair.answer, repair.violations));
        let texts = format!("{system}{data}{schema}{}", repair.collect::<String>());
        TokenCount::at_most(&texts, *max_tokens)
    }
}

/// What a call came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    Text(String),
    /// Cut off at the token limit.
    CutOff,
    /// The model declined.
    Refused,
    /// Nothing came back, and another call may help at once.
    Nothing,
}

/// What follows a reply.
#[derive(Debug, Clone, PartialEq)]
pub enum Turn {
    Ask(ModelRequest),
    End(DialogueEnd),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DialogueEnd {
    Written(Written),
    Refused,
    /// No answer can be used.
    Unusable,
}

/// The calls about one brief.
#[derive(Debug, Clone)]
pub struct Dialogue {
    brief: Brief,
    calls_left: u32,
    request: ModelRequest,
    /// Answers with violations, the oldest first.
    answers: Vec<Answer>,
}

impl Dialogue {
    /// Begins a dialogue of at most `max_calls` calls. The first request is made in any case.
    pub fn new(brief: Brief, max_calls: u32) -> Self {
        let request = ModelRequest {
            prompt: prompt(&brief, Brevity::Normal),
            repair: None,
        };
        Self {
            brief,
            calls_left: max_calls.saturating_sub(1),
            request,
            answers: Vec::new(),
        }
    }

    pub fn request(&self) -> &ModelRequest {
        &self.request
    }

    /// Tells whether no other call may follow the one of `request`.
    pub fn is_last_call(&self) -> bool {
        self.calls_left == 0
    }

    /// Decides what a reply leads to.
    pub fn reply(&mut self, reply: Reply) -> Turn {
        match reply {
            Reply::Refused => return Turn::End(DialogueEnd::Refused),
            Reply::Nothing => {}
            Reply::CutOff => {
                self.request = ModelRequest {
                    prompt: prompt(&self.brief, Brevity::Short),
                    repair: None,
                };
            }
            Reply::Text(text) => {
                if let Some(written) = self.text(text) {
                    return Turn::End(DialogueEnd::Written(written));
                }
            }
        }
        if self.calls_left == 0 {
            return Turn::End(self.end());
        }
        self.calls_left -= 1;
        Turn::Ask(self.request.clone())
    }

    /// Ends the dialogue with what there is: the latest answer that is right once its long texts are cut.
    pub fn end(&mut self) -> DialogueEnd {
        let answers = std::mem::take(&mut self.answers);
        let usable = |answer| accept_with_cuts(answer, &self.brief).ok();
        match answers.into_iter().rev().find_map(usable) {
            Some(written) => DialogueEnd::Written(written),
            None => DialogueEnd::Unusable,
        }
    }

    /// Accepts a text, or asks for its repair.
    fn text(&mut self, text: String) -> Option<Written> {
        let Ok(answer) = parse_answer(&text, &self.brief) else {
            self.request.repair = None;
            return None;
        };
        let obeyed = obedience(&answer, &self.brief);
        let violations = match (obeyed.is_empty(), accept(answer.clone(), &self.brief)) {
            (true, Ok(written)) => return Some(written),
            (true, Err(violations)) => {
                self.answers.push(answer);
                violations
            }
            (false, Ok(_)) => obeyed,
            (false, Err(violations)) => violations.into_iter().chain(obeyed).collect(),
        };
        self.ask_for_repair(text, &violations);
        None
    }

    fn ask_for_repair(&mut self, answer: String, violations: &[Violation]) {
        self.request.repair = Some(Repair {
            answer,
            violations: repair_request(violations),
        });
    }
}

#[cfg(test)]
mod tests;
