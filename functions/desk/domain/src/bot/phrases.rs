//! Phrases of the templates, in the languages of the widget.

use crate::LanguageTag;

/// What visitors may tap, and labels of forms.
pub(super) struct Phrases {
    pub(super) order: &'static str,
    pub(super) returns: &'static str,
    pub(super) broken: &'static str,
    /// Asks for a person.
    pub(super) person: &'static str,
    pub(super) price: &'static str,
    pub(super) demo: &'static str,
    pub(super) sales: &'static str,
    pub(super) name: &'static str,
    pub(super) email: &'static str,
}

impl Phrases {
    /// Returns the phrases in a language, else in English.
    pub(super) fn of(language: &LanguageTag) -> &'static Self {
        match language.primary() {
            "ar" => &ARABIC,
            "de" => &GERMAN,
            "es" => &SPANISH,
            "fr" => &FRENCH,
            "he" => &HEBREW,
            "pt" => &PORTUGUESE,
            "ru" => &RUSSIAN,
            _ => &ENGLISH,
        }
    }
}

static ENGLISH: Phrases = Phrases {
    order: "Where is my order?",
    returns: "Returns and refunds",
    broken: "Something is broken",
    person: "Talk to a person",
    price: "What does it cost?",
    demo: "Book a demo",
    sales: "Talk to sales",
    name: "Your name",
    email: "Work email",
};

static ARABIC: Phrases = Phrases {
    order: "أين طلبي؟",
    returns: "الإرجاع واسترداد المبلغ",
    broken: "هناك شيء لا يعمل",
    person: "التحدّث مع موظف",
    price: "كم التكلفة؟",
    demo: "حجز عرض توضيحي",
    sales: "التحدّث مع المبيعات",
    name: "اسمك",
    email: "البريد الإلكتروني للعمل",
};

static GERMAN: Phrases = Phrases {
    order: "Wo ist meine Bestellung?",
    returns: "Rückgabe und Erstattung",
    broken: "Etwas ist defekt",
    person: "Mit einem Menschen sprechen",
    price: "Was kostet das?",
    demo: "Demo buchen",
    sales: "Mit dem Vertrieb sprechen",
    name: "Ihr Name",
    email: "Geschäftliche E-Mail-Adresse",
};

static SPANISH: Phrases = Phrases {
    order: "¿Dónde está mi pedido?",
    returns: "Devoluciones y reembolsos",
    broken: "Algo no funciona",
    person: "Hablar con una persona",
    price: "¿Cuánto cuesta?",
    demo: "Reservar una demo",
    sales: "Hablar con ventas",
    name: "Tu nombre",
    email: "Correo del trabajo",
};

static FRENCH: Phrases = Phrases {
    order: "Où est ma commande ?",
    returns: "Retours et remboursements",
    broken: "Quelque chose ne marche pas",
    person: "Parler à une personne",
    price: "Combien ça coûte ?",
    demo: "Réserver une démo",
    sales: "Parler à un commercial",
    name: "Votre nom",
    email: "E-mail professionnel",
};

static HEBREW: Phrases = Phrases {
    order: "איפה ההזמנה שלי?",
    returns: "החזרות וזיכויים",
    broken: "משהו לא עובד",
    person: "לדבר עם נציג",
    price: "כמה זה עולה?",
    demo: "קביעת הדגמה",
    sales: "לדבר עם המכירות",
    name: "השם שלך",
    email: "אימייל בעבודה",
};

static PORTUGUESE: Phrases = Phrases {
    order: "Onde está meu pedido?",
    returns: "Trocas e reembolsos",
    broken: "Algo não funciona",
    person: "Falar com uma pessoa",
    price: "Quanto custa?",
    demo: "Agendar uma demonstração",
    sales: "Falar com vendas",
    name: "Seu nome",
    email: "E-mail profissional",
};

static RUSSIAN: Phrases = Phrases {
    order: "Где мой заказ?",
    returns: "Возврат и обмен",
    broken: "Что-то не работает",
    person: "Поговорить с человеком",
    price: "Сколько это стоит?",
    demo: "Записаться на демо",
    sales: "Связаться с отделом продаж",
    name: "Ваше имя",
    email: "Рабочая почта",
};
