use super::Phrases;

pub(crate) const ENGLISH: Phrases = Phrases {
    letters: ('A', 'ɏ'),
    text: "the text",
    again: "Once more",
    kickers: [
        "Begin here",
        "Try it",
        "Understand",
        "Old words",
        "In short",
    ],
    cover: (
        "{topic}: where to begin",
        "A few calm thoughts and a first step that you can take today.",
    ),
    ideas: [
        (
            "Start smaller than feels right",
            "Pick a step that takes two minutes. With “{topic}” the beginning decides more than the effort.",
        ),
        (
            "Give it a fixed place",
            "Tie it to something that happens every day anyway. What has a place does not have to be remembered.",
        ),
        (
            "Look at one thing at a time",
            "Attention is a narrow door. Let one question through, finish it, and only then open for the next.",
        ),
        (
            "Write down what you notice",
            "One line in the evening is enough. After a week the lines show what a single day hides.",
        ),
        (
            "Make the good choice easy",
            "Put what you need within reach and the rest out of sight. Then “{topic}” needs less willpower.",
        ),
        (
            "Expect the slow days",
            "Some days nothing moves. They belong to it, and a small step on such a day counts twice.",
        ),
        (
            "Ask a person who has done it",
            "Ten minutes of honest talk replace hours of guessing. Ask what they would leave out.",
        ),
        (
            "Measure what you can change",
            "A number helps when it answers to your own actions. Let go of numbers that only make you nervous.",
        ),
        (
            "Leave room for rest",
            "Progress happens in the pauses, too. Plan them first, and the work will fit around them.",
        ),
        (
            "Name the real obstacle",
            "Often it is not time but a fear or a missing tool. Once it has a name, it becomes a task.",
        ),
        (
            "Share an unfinished version",
            "Show it early to a kind reader. Their questions are the shortest way to a better version.",
        ),
        (
            "Keep what works",
            "Before you add something new to “{topic}”, repeat what went well last week.",
        ),
        (
            "Decide when it is enough",
            "A good end is part of the plan. Write down today how you will know that you are done.",
        ),
        (
            "Begin again without blame",
            "A missed day is one day. Return to the smallest step, and carry on as if nothing had happened.",
        ),
    ],
    quote: "A thought to keep",
    summary: (
        "{topic}: your next step",
        "Choose one of these ideas and try it for a week. Save this to come back to it.",
    ),
    caption: "“{topic}” in a few slides: what helps, what can wait, and how to begin today. Which idea will you try first?",
    hashtags: ["ideas", "learning", "everyday"],
};
