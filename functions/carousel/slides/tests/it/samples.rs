//! A carousel of five kinds of slides in each script. The texts are written for these tests.

use carousel_domain::{Brand, Draft, Format, Language, Look, Slide, SlideKind, Template};

pub(crate) const LANGUAGES: [Language; 7] = [
    Language::En,
    Language::Ru,
    Language::El,
    Language::He,
    Language::Hi,
    Language::Ar,
    Language::Zh,
];

/// Name of the brand, kicker, then title and body of cover, principle, concept and summary, then a quote and its
/// source.
type Texts = [&'static str; 12];

const ENGLISH: Texts = [
    "The Quiet Engineer",
    "Principle",
    "Small habits, big years",
    "Seven ideas for people who never have time.",
    "Small steps, taken daily, beat heroic sprints",
    "A habit is a vote for the person you want to become. Start with two minutes and keep the streak visible.",
    "The two-minute rule",
    "Make the first step so small that saying no would be harder: open the book, lace the shoes, write one line.",
    "Begin tonight",
    "1. Choose one habit.\n2. Tie it to your coffee ☕️\n3. Mark the day, 37× in a row.",
    "Who plants a little every morning walks under trees in the end.",
    "Workshop notes, page 12",
];
const RUSSIAN: Texts = [
    "Тихий инженер",
    "Принцип",
    "Маленькие привычки, большие годы",
    "Семь мыслей для тех, у кого никогда нет времени.",
    "Маленькие шаги каждый день сильнее рывков",
    "Привычка — это голос за того, кем вы хотите стать. Начните с двух минут и не прерывайте цепочку.",
    "Правило двух минут",
    "Сделайте первый шаг таким маленьким, чтобы отказаться было труднее: откройте книгу, напишите строку.",
    "Начните сегодня вечером",
    "1. Выберите одну привычку.\n2. Привяжите её к чашке кофе ☕️\n3. Отметьте день, 37 раз подряд.",
    "Кто сажает понемногу каждое утро, тот в конце гуляет под деревьями.",
    "Заметки мастерской, страница 12",
];
const GREEK: Texts = [
    "Ο ήσυχος μηχανικός",
    "Αρχή",
    "Μικρές συνήθειες, μεγάλα χρόνια",
    "Επτά ιδέες για όσους δεν έχουν ποτέ χρόνο.",
    "Τα μικρά καθημερινά βήματα νικούν τα άλματα",
    "Η συνήθεια είναι ψήφος για τον άνθρωπο που θέλεις να γίνεις. Ξεκίνα με δύο λεπτά.",
    "Ο κανόνας των δύο λεπτών",
    "Κάνε το πρώτο βήμα τόσο μικρό, ώστε το όχι να είναι πιο δύσκολο: άνοιξε το βιβλίο, γράψε μια γραμμή.",
    "Ξεκίνα απόψε",
    "1. Διάλεξε μία συνήθεια.\n2. Δέσε την με τον καφέ ☕️\n3. Σημείωσε τη μέρα, 37 στη σειρά.",
    "Όποιος φυτεύει λίγο κάθε πρωί περπατά στο τέλος κάτω από δέντρα.",
    "Σημειώσεις εργαστηρίου, σελίδα 12",
];
const HEBREW: Texts = [
    "המהנדסת השקטה",
    "עיקרון",
    "הרגלים קטנים, שנים גדולות",
    "שבעה רעיונות למי שאף פעם אין לו זמן.",
    "צעדים קטנים בכל יום מנצחים ריצות הרואיות",
    "הרגל הוא הצבעה בעד מי שאתם רוצים להיות. התחילו משתי דקות ושמרו על הרצף ב־Telegram.",
    "כלל שתי הדקות",
    "עשו את הצעד הראשון כל כך קטן שיהיה קשה יותר לסרב: פתחו את הספר, כתבו שורה אחת ב-C++.",
    "מתחילים הערב",
    "1. בחרו הרגל אחד.\n2. קשרו אותו לקפה ☕️\n3. סמנו את היום, 37× ברצף.",
    "הַנּוֹטֵעַ מְעַט בְּכָל בֹּקֶר, סוֹפוֹ שֶׁיֵּלֵךְ תַּחַת אִילָנוֹת.",
    "מחברת הסדנה, עמוד 12",
];
const HINDI: Texts = [
    "शांत अभियंता",
    "सिद्धांत",
    "छोटी आदतें, बड़े साल",
    "उनके लिए सात विचार जिनके पास कभी समय नहीं होता।",
    "हर दिन के छोटे कदम बड़ी दौड़ से जीतते हैं",
    "आदत उस व्यक्ति के लिए एक वोट है जो आप बनना चाहते हैं। दो मिनट से शुरू करें और क्रम दिखता रहे।",
    "दो मिनट का नियम",
    "पहला कदम इतना छोटा रखें कि मना करना कठिन लगे: किताब खोलें, जूते बाँधें, एक पंक्ति लिखें।",
    "आज रात शुरू करें",
    "1. एक आदत चुनें।\n2. उसे कॉफ़ी से जोड़ें ☕️\n3. दिन पर निशान लगाएँ, लगातार 37 बार।",
    "जो हर सुबह थोड़ा रोपता है, वह अंत में वृक्षों की छाया में चलता है।",
    "कार्यशाला की टिप्पणियाँ, पृष्ठ 12",
];
const ARABIC: Texts = [
    "المهندسة الهادئة",
    "مبدأ",
    "عادات صغيرة، سنوات كبيرة",
    "سبع أفكار لمن لا يملك الوقت أبدًا.",
    "الخطوات الصغيرة اليومية تغلب السباقات البطولية",
    "العادة صوتٌ للشخص الذي تريد أن تكونه. ابدأ بدقيقتين وحافظ على السلسلة في Telegram.",
    "قاعدة الدقيقتين",
    "اجعل الخطوة الأولى صغيرة إلى حد يصعب معه الرفض: افتح الكتاب، اربط الحذاء، اكتب سطرًا واحدًا.",
    "ابدأ الليلة",
    "1. اختر عادة واحدة.\n2. اربطها بقهوتك ☕️\n3. علّم على اليوم، 37× متتالية.",
    "مَنْ يَغْرِسُ قَلِيلًا كُلَّ صَبَاحٍ يَمْشِي فِي النِّهَايَةِ تَحْتَ الْأَشْجَارِ.",
    "دفتر الورشة، صفحة ١٢",
];
const CHINESE: Texts = [
    "安静的工程师",
    "原则",
    "小习惯，大岁月",
    "写给总说没有时间的人的七个想法。",
    "每天一小步，胜过一时的冲刺",
    "习惯是在为你想成为的人投票。从两分钟开始，让进度看得见。",
    "两分钟法则",
    "把第一步缩小到难以拒绝：打开书，系好鞋带，写下一行字。",
    "今晚就开始",
    "1. 选一个习惯。\n2. 把它和咖啡连在一起 ☕️\n3. 连续打卡 37 天。",
    "每天清晨种一点的人，终将走在树荫之下。",
    "工坊笔记，第十二页",
];

fn texts(language: Language) -> Texts {
    match language {
        Language::Ru => RUSSIAN,
        Language::El => GREEK,
        Language::He => HEBREW,
        Language::Hi => HINDI,
        Language::Ar => ARABIC,
        Language::Zh => CHINESE,
        _ => ENGLISH,
    }
}

pub(crate) fn draft(language: Language) -> Draft {
    let [
        _,
        kicker,
        cover,
        subtitle,
        principle,
        because,
        concept,
        how,
        summary,
        list,
        quote,
        source,
    ] = texts(language);
    let slide = |kind, kicker: &str, title: &str, body: &str| Slide {
        kind,
        kicker: kicker.to_owned(),
        title: title.to_owned(),
        body: body.to_owned(),
        source: None,
        alt: title.to_owned(),
    };
    let quoted = Slide {
        source: Some(source.to_owned()),
        ..slide(SlideKind::Quote, "", "", quote)
    };
    Draft {
        language,
        title: cover.to_owned(),
        caption: String::new(),
        hashtags: Vec::new(),
        slides: vec![
            slide(SlideKind::Title, "", cover, subtitle),
            slide(SlideKind::Principle, kicker, principle, because),
            quoted,
            slide(SlideKind::Concept, kicker, concept, how),
            slide(SlideKind::Summary, "", summary, list),
        ],
    }
}

pub(crate) fn look(template: Template, format: Format, language: Language) -> Look {
    let brand = Brand {
        name: Some(texts(language)[0].to_owned()),
        handle: Some("@quiet_engineer".to_owned()),
        ..Brand::default()
    };
    Look {
        template,
        format,
        brand,
    }
}
