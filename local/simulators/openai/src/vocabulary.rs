//! The words of names, in English and Hebrew. Hebrew phrases need no agreement of gender or number.

use crate::features::{Colour, ImageFeatures, Lines};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) en: &'static str,
    pub(crate) he: &'static str,
}

const fn word(en: &'static str, he: &'static str) -> Word {
    Word { en, he }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) name: Word,
    /// In Hebrew, the forms of `the bay` and `at the bay`.
    pub(crate) the: &'static str,
    pub(crate) at: &'static str,
}

const fn place(en: &'static str, he: &'static str, the: &'static str, at: &'static str) -> Place {
    Place {
        name: word(en, he),
        the,
        at,
    }
}

/// A kind of lower half of a picture.
#[derive(Debug)]
pub(crate) struct Ground {
    pub(crate) category: Word,
    pub(crate) places: [Place; 4],
}

const WATER: Ground = Ground {
    category: word("Waterside", "ליד המים"),
    places: [
        place("Bay", "מפרץ", "המפרץ", "במפרץ"),
        place("Harbour", "נמל", "הנמל", "בנמל"),
        place("Pier", "מזח", "המזח", "במזח"),
        place("Lagoon", "לגונה", "הלגונה", "בלגונה"),
    ],
};
const GREEN: Ground = Ground {
    category: word("Nature", "טבע"),
    places: [
        place("Meadow", "אחו", "האחו", "באחו"),
        place("Garden", "גן", "הגן", "בגן"),
        place("Orchard", "בוסתן", "הבוסתן", "בבוסתן"),
        place("Park", "פארק", "הפארק", "בפארק"),
    ],
};
const SAND: Ground = Ground {
    category: word("Open air", "בחוץ"),
    places: [
        place("Beach", "חוף", "החוף", "בחוף"),
        place("Dunes", "דיונות", "הדיונות", "בדיונות"),
        place("Courtyard", "חצר", "החצר", "בחצר"),
        place("Trail", "שביל", "השביל", "בשביל"),
    ],
};
const BRIGHT: Ground = Ground {
    category: word("Bright space", "מקום מואר"),
    places: [
        place("Terrace", "מרפסת", "המרפסת", "במרפסת"),
        place("Gallery", "גלריה", "הגלריה", "בגלריה"),
        place("Snowfield", "שדה שלג", "שדה השלג", "בשדה השלג"),
        place("Studio", "סטודיו", "הסטודיו", "בסטודיו"),
    ],
};
const CITY: Ground = Ground {
    category: word("City", "עיר"),
    places: [
        place("Square", "כיכר", "הכיכר", "בכיכר"),
        place("Avenue", "שדרה", "השדרה", "בשדרה"),
        place("Station", "תחנה", "התחנה", "בתחנה"),
        place("Rooftop", "גג", "הגג", "בגג"),
    ],
};
const MARKET: Ground = Ground {
    category: word("Market", "שוק"),
    places: [
        place("Market", "שוק", "השוק", "בשוק"),
        place("Flower Stall", "דוכן פרחים", "דוכן הפרחים", "בדוכן הפרחים"),
        place("Festival", "פסטיבל", "הפסטיבל", "בפסטיבל"),
        place("Café", "בית קפה", "בית הקפה", "בבית הקפה"),
    ],
};
const NIGHT: Ground = Ground {
    category: word("Night", "לילה"),
    places: [
        place("Alley", "סמטה", "הסמטה", "בסמטה"),
        place("Stage", "במה", "הבמה", "בבמה"),
        place("Lookout", "מצפה", "המצפה", "במצפה"),
        place("Lamplight Walk", "טיילת", "הטיילת", "בטיילת"),
    ],
};

pub(crate) fn ground(below: Colour) -> &'static Ground {
    match below {
        Colour::Blue | Colour::Teal => &WATER,
        Colour::Green => &GREEN,
        Colour::Yellow | Colour::Orange | Colour::Brown => &SAND,
        Colour::White => &BRIGHT,
        Colour::Grey => &CITY,
        Colour::Red | Colour::Pink | Colour::Violet => &MARKET,
        Colour::Black => &NIGHT,
    }
}

/// Returns three words for a colour.
pub(crate) fn shades(colour: Colour) -> [Word; 3] {
    match colour {
        Colour::Red => [
            word("Crimson", "ארגמן"),
            word("Scarlet", "שני"),
            word("Ruby", "אודם"),
        ],
        Colour::Orange => [
            word("Amber", "ענבר"),
            word("Copper", "נחושת"),
            word("Tangerine", "קלמנטינה"),
        ],
        Colour::Yellow => [
            word("Golden", "זהב"),
            word("Saffron", "זעפרן"),
            word("Honey", "דבש"),
        ],
        Colour::Green => [
            word("Emerald", "אזמרגד"),
            word("Fern", "שרך"),
            word("Olive", "זית"),
        ],
        Colour::Teal => [
            word("Turquoise", "טורקיז"),
            word("Seafoam", "קצף גלים"),
            word("Teal", "צבע הים"),
        ],
        Colour::Blue => [
            word("Cobalt", "קובלט"),
            word("Azure", "תכלת"),
            word("Sapphire", "ספיר"),
        ],
        Colour::Violet => [
            word("Lavender", "לבנדר"),
            word("Lilac", "לילך"),
            word("Plum", "שזיף"),
        ],
        Colour::Pink => [
            word("Rose", "ורד"),
            word("Coral", "אלמוג"),
            word("Blossom", "פריחה"),
        ],
        Colour::Brown => [
            word("Cinnamon", "קינמון"),
            word("Walnut", "אגוז"),
            word("Chestnut", "ערמון"),
        ],
        Colour::White => [
            word("Ivory", "שנהב"),
            word("Pearl", "פנינה"),
            word("Chalk", "גיר"),
        ],
        Colour::Grey => [
            word("Silver", "כסף"),
            word("Slate", "צפחה"),
            word("Pebble", "חלוקי נחל"),
        ],
        Colour::Black => [
            word("Midnight", "חצות"),
            word("Onyx", "שוהם"),
            word("Velvet", "קטיפה"),
        ],
    }
}

/// A kind of upper half. In Hebrew, its name and its form after `to`.
#[derive(Debug)]
pub(crate) struct Sky {
    pub(crate) name: Word,
    pub(crate) to: &'static str,
}

pub(crate) fn sky(above: Colour) -> Sky {
    let sky = |en, he, to| Sky {
        name: word(en, he),
        to,
    };
    match above {
        Colour::Blue | Colour::Teal => sky("Open Sky", "שמיים פתוחים", "לשמיים הפתוחים"),
        Colour::White | Colour::Grey => sky("Clouds", "עננים", "לעננים"),
        Colour::Black => sky("Stars", "כוכבים", "לכוכבים"),
        Colour::Green => sky("Leaves", "עלווה", "לעלווה"),
        Colour::Brown => sky("Warm Lamps", "מנורות", "למנורות"),
        Colour::Red | Colour::Orange | Colour::Yellow | Colour::Pink | Colour::Violet => {
            sky("Sunset", "שקיעה", "לשקיעה")
        }
    }
}

/// In Hebrew, the form after `an hour of`.
pub(crate) fn mood(features: &ImageFeatures) -> Word {
    let has_contrast = features.contrast > 60.0;
    let (flat, strong) = match features.light {
        light if light < 50.0 => (word("Moonlit", "ירח"), word("Starlit", "כוכבים")),
        light if light < 95.0 => (word("Dusky", "דמדומים"), word("Twilight", "ערב")),
        light if light < 140.0 => (word("Mellow", "רוגע"), word("Lively", "תנועה")),
        light if light < 190.0 => (word("Bright", "אור"), word("Crisp", "בהירות")),
        _ => (word("Sunlit", "שמש"), word("Sparkling", "זוהר")),
    };
    if has_contrast { strong } else { flat }
}

pub(crate) fn lines(lines: Lines) -> Word {
    match lines {
        Lines::Upright => word("Tall Lines", "קווים זקופים"),
        Lines::Level => word("Long Horizons", "אופק רחב"),
        Lines::Many => word("Little Details", "פרטים קטנים"),
        Lines::Few => word("Quiet Spaces", "מרחבים שקטים"),
    }
}

pub(crate) const GATHERINGS: [Word; 8] = [
    word("Coffee Break", "הפסקת קפה"),
    word("Walkers", "הליכה משותפת"),
    word("Picnic", "פיקניק"),
    word("Sketchbook", "מחברת ציור"),
    word("Playlist", "רשימת השמעה"),
    word("Book Swap", "החלפת ספרים"),
    word("Photo Walk", "סיור צילום"),
    word("Chess Corner", "פינת שחמט"),
];
