//! Texts that bots say where an admin has replaced none, in the languages of the widget.

use super::BotText;
use crate::LanguageTag;

/// Languages with built-in texts. A new bot speaks all of them.
pub const BUILT_IN_LANGUAGES: [&str; 8] = ["en", "ar", "de", "es", "fr", "he", "pt", "ru"];

/// Texts in the order of `BotText::ALL`.
type Texts = [&'static str; BotText::ALL.len()];

impl BotText {
    /// Returns the text in a language, else in English. The widget shows the same texts.
    pub fn built_in(self, language: Option<&LanguageTag>) -> &'static str {
        let texts = match language.map_or("en", LanguageTag::primary) {
            "ar" => &ARABIC,
            "de" => &GERMAN,
            "es" => &SPANISH,
            "fr" => &FRENCH,
            "he" => &HEBREW,
            "pt" => &PORTUGUESE,
            "ru" => &RUSSIAN,
            _ => &ENGLISH,
        };
        texts[self as usize]
    }
}

const ENGLISH: Texts = [
    "Chat with us",
    "Hi! How can we help?",
    "Please fill in this short form first.",
    "I don't have an answer to that. Could you put it another way?",
    "I'm passing you to a colleague. They'll reply here.",
    "We're away right now. We'll reply as soon as we're back.",
    "What email address can we reply to?",
    "Thanks! We'll reply to {email}.",
];

const ARABIC: Texts = [
    "تحدّث معنا",
    "مرحبًا! كيف يمكننا مساعدتك؟",
    "يُرجى ملء هذا النموذج القصير أولًا.",
    "ليس لديّ إجابة عن ذلك. هل يمكنك صياغة السؤال بطريقة أخرى؟",
    "سأحوّلك إلى أحد زملائنا. سيردّ عليك هنا.",
    "لسنا متاحين حاليًا. سنردّ فور عودتنا.",
    "ما البريد الإلكتروني الذي يمكننا الردّ عليه؟",
    "شكرًا! سنردّ على {email}.",
];

const GERMAN: Texts = [
    "Chatten Sie mit uns",
    "Hallo! Wie können wir Ihnen helfen?",
    "Bitte füllen Sie zuerst dieses kurze Formular aus.",
    "Darauf habe ich leider keine Antwort. Können Sie es anders formulieren?",
    "Ich leite Sie an unser Team weiter. Die Antwort erscheint hier.",
    "Wir sind gerade nicht da. Wir antworten, sobald wir zurück sind.",
    "An welche E-Mail-Adresse dürfen wir antworten?",
    "Vielen Dank! Wir antworten an {email}.",
];

const SPANISH: Texts = [
    "Chatea con nosotros",
    "¡Hola! ¿En qué podemos ayudarte?",
    "Antes de empezar, completa este breve formulario.",
    "No tengo una respuesta para eso. ¿Puedes decirlo de otra manera?",
    "Te paso con una persona del equipo. Te responderá aquí.",
    "Ahora no estamos disponibles. Te responderemos en cuanto volvamos.",
    "¿A qué correo electrónico podemos responderte?",
    "¡Gracias! Responderemos a {email}.",
];

const FRENCH: Texts = [
    "Discutez avec nous",
    "Bonjour ! Comment pouvons-nous vous aider ?",
    "Merci de remplir d'abord ce court formulaire.",
    "Je n'ai pas de réponse à cette question. Pouvez-vous la formuler autrement ?",
    "Je transmets votre demande à notre équipe. Elle vous répondra ici.",
    "Nous sommes absents pour le moment. Nous vous répondrons dès notre retour.",
    "À quelle adresse e-mail pouvons-nous vous répondre ?",
    "Merci ! Nous répondrons à {email}.",
];

const HEBREW: Texts = [
    "דברו איתנו",
    "היי! איך אפשר לעזור?",
    "כמה פרטים קצרים לפני שמתחילים.",
    "אין לי תשובה על זה. אפשר לנסח את השאלה אחרת?",
    "הפנייה עוברת לצוות שלנו. התשובה תגיע לכאן.",
    "אנחנו לא זמינים כרגע. נענה מיד כשנחזור.",
    "לאיזו כתובת אימייל נוכל להשיב?",
    "תודה! נשיב לכתובת {email}.",
];

const PORTUGUESE: Texts = [
    "Fale com a gente",
    "Olá! Como podemos ajudar?",
    "Antes de começar, preencha este formulário rápido.",
    "Não tenho uma resposta para isso. Você pode dizer de outra forma?",
    "Vou passar você para alguém da nossa equipe. A resposta chega por aqui.",
    "Não estamos disponíveis agora. Responderemos assim que voltarmos.",
    "Para qual e-mail podemos responder?",
    "Obrigado! Responderemos para {email}.",
];

const RUSSIAN: Texts = [
    "Напишите нам",
    "Здравствуйте! Чем можем помочь?",
    "Сначала заполните, пожалуйста, короткую форму.",
    "У меня нет ответа на этот вопрос. Можете сформулировать его иначе?",
    "Передаю ваш вопрос коллегам. Ответ придёт сюда.",
    "Сейчас нас нет на месте. Ответим, как только вернёмся.",
    "На какой адрес электронной почты вам ответить?",
    "Спасибо! Мы ответим на {email}.",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_texts_of_its_own_and_others_get_english() {
        for text in BotText::ALL {
            let english = text.built_in(None);
            for language in BUILT_IN_LANGUAGES {
                let tag = LanguageTag::parse(language).unwrap();
                let built_in = text.built_in(Some(&tag));
                assert_eq!(built_in == english, language == "en", "{language} {text:?}");
                let has_address = built_in.contains("{email}");
                assert_eq!(has_address, text == BotText::AddressSaved, "{built_in}");
            }
            let japanese = LanguageTag::parse("ja").unwrap();
            assert_eq!(text.built_in(Some(&japanese)), english);
        }
        let brazilian = LanguageTag::parse("pt-BR").unwrap();
        assert!(
            BotText::Greeting
                .built_in(Some(&brazilian))
                .starts_with("Olá")
        );
    }

    #[test]
    fn texts_stand_in_the_order_of_their_names() {
        for (index, text) in BotText::ALL.into_iter().enumerate() {
            assert_eq!(text as usize, index, "{text:?}");
        }
    }
}
