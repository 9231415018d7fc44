//! The few words around a person's own text, for every language of slides.

use crate::Language;

pub(super) struct Frame {
    /// A slide's kicker, and with a number its title.
    pub(super) thought: &'static str,
    /// Title of the last slide.
    pub(super) summary: &'static str,
    /// Below the first title.
    pub(super) lead: &'static str,
    /// Begins the description of a slide.
    pub(super) slide: &'static str,
}

impl Frame {
    pub(super) fn of(language: Language) -> Self {
        let [thought, summary, lead, slide] = words(language);
        Self {
            thought,
            summary,
            lead,
            slide,
        }
    }

    /// Describes a slide to people who do not see it.
    pub(super) fn alt(&self, number: usize, total: usize, title: &str, body: &str) -> String {
        let slide = self.slide.replace("{n}", &number.to_string());
        let slide = slide.replace("{total}", &total.to_string());
        let ends = title.ends_with(['.', '!', '?', '…', '؟', '।', '。', '！', '？', ':']);
        let stop = if ends { "" } else { "." };
        format!("{slide}. {title}{stop} {body}")
            .trim_end()
            .to_owned()
    }
}

#[rustfmt::skip]
fn words(language: Language) -> [&'static str; 4] {
    match language {
        Language::En => ["Thought", "In short", "The main points, one slide at a time.", "Slide {n} of {total}"],
        Language::Ru => ["Мысль", "Коротко о главном", "Главное – по одной мысли на слайд.", "Слайд {n} из {total}"],
        Language::He => ["מחשבה", "בקיצור", "העיקר, רעיון אחד בכל שקופית.", "שקופית {n} מתוך {total}"],
        Language::Hi => ["विचार", "संक्षेप में", "मुख्य बातें, हर स्लाइड पर एक।", "स्लाइड {n}, कुल {total}"],
        Language::Ar => ["فكرة", "باختصار", "أهم الأفكار، فكرة في كل شريحة.", "الشريحة {n} من {total}"],
        Language::De => ["Gedanke", "Kurz gesagt", "Das Wichtigste, ein Gedanke pro Folie.", "Folie {n} von {total}"],
        Language::El => ["Σκέψη", "Με λίγα λόγια", "Τα κύρια σημεία, ένα σε κάθε διαφάνεια.", "Διαφάνεια {n} από {total}"],
        Language::Es => ["Idea", "En resumen", "Lo esencial, una idea por diapositiva.", "Diapositiva {n} de {total}"],
        Language::Fa => ["اندیشه", "به‌طور خلاصه", "نکته‌های اصلی، هر اسلاید یک نکته.", "اسلاید {n} از {total}"],
        Language::Fr => ["Idée", "En bref", "L’essentiel, une idée par diapositive.", "Diapositive {n} sur {total}"],
        Language::It => ["Idea", "In breve", "L’essenziale, un’idea per slide.", "Slide {n} di {total}"],
        Language::Pt => ["Ideia", "Em resumo", "O essencial, uma ideia por slide.", "Slide {n} de {total}"],
        Language::Sa => ["विचारः", "संक्षेपेण", "मुख्याः विचाराः।", "पत्रम् {n} / {total}"],
        Language::Uk => ["Думка", "Коротко про головне", "Головне – по одній думці на слайд.", "Слайд {n} з {total}"],
        Language::Ur => ["خیال", "مختصراً", "اہم باتیں، ہر سلائیڈ پر ایک۔", "سلائیڈ {n} از {total}"],
        Language::Zh => ["要点", "总结", "每页一个要点。", "第 {n} 页，共 {total} 页"],
    }
}
