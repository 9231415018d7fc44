//! The stylesheet of all templates. It is fixed text: colours and sizes of a slide are custom properties on its root.
//!
//! The prototypes' values, with logical properties only, so that right-to-left slides are mirrored by their direction.

use carousel_domain::Template;

const SANS: &str =
    "Manrope,Inter,Rubik,'Noto Sans Devanagari','Noto Sans Arabic',Twemoji,'Noto Sans SC'";
const SERIF: &str = "'Playfair Display','Noto Serif','Frank Ruhl Libre','Noto Naskh Arabic',\
                     'Noto Sans Devanagari',Inter,'Noto Sans Arabic',Twemoji,'Noto Sans SC'";

/// What all templates share. `.fixed` parts keep their size beside long texts.
const COMMON: &str = "
*{box-sizing:border-box;margin:0;padding:0}
.slide{position:relative;display:flex;flex-direction:column;width:1080px;overflow:hidden;color:var(--ink);
background-color:var(--paper)}
.portrait{height:1350px}.square{height:1080px}.story{height:1920px}
.row{display:flex;justify-content:space-between;align-items:center;gap:32px;flex-shrink:0}
.meta{font-size:28px;line-height:1.4;font-weight:500;color:var(--meta)}
.who{display:flex;align-items:center;gap:20px;min-width:0}
.logo{display:block;flex-shrink:0}
.name{display:block;min-width:0;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.fixed{display:block;flex-shrink:0;white-space:nowrap}
.mid{display:flex;flex-direction:column;flex:1 1 0;min-height:0;justify-content:center}
.stack{display:flex;flex-direction:column;flex-shrink:0}
.lead{width:120px;height:8px;background-color:var(--accent);margin-bottom:44px;flex-shrink:0}
.kicker{display:block;font-size:30px;line-height:1.4;font-weight:600;color:var(--accent-text)}
.title{display:block;font-size:var(--title);line-height:var(--title-line);letter-spacing:var(--tracking);
font-weight:800;color:var(--ink)}
.balanced{text-wrap:balance}
.body{display:block;font-size:var(--body);line-height:var(--body-line);font-weight:400;color:var(--text);
white-space:pre-line;text-wrap:pretty}
.source{display:block;font-size:34px;line-height:1.4;color:var(--meta)}
.bar{width:96px;height:3px;background-color:var(--accent);margin:44px 0 30px;flex-shrink:0}
.mark{display:block;align-self:flex-start;font-size:220px;line-height:.6;height:120px;color:var(--accent-large);flex-shrink:0}
.square .mark{font-size:160px;height:92px}
.square .bar{margin:32px 0 22px}
.anywhere{overflow-wrap:anywhere}
.pages{display:block}
.next{break-before:page}
.arrow{font-size:48px;line-height:1;font-weight:500}
";

const ESSAY: &str = "
.essay{padding:96px 96px 72px}
.essay.square{padding:76px 96px 64px}
.essay.story{padding:152px 96px 140px}
.essay .rule{height:2px;background-color:var(--ink);margin-top:28px;flex-shrink:0}
.essay .kicker{margin-bottom:36px}
.essay .title{font-weight:600}
.essay .body{max-width:820px;margin-top:40px}
.essay .dot{width:14px;height:14px;border-radius:7px;background-color:var(--accent);flex-shrink:0}
.essay .arrow{color:var(--accent-large)}
.essay .foot{min-height:48px}
";

const NIGHT: &str = "
.night{padding:88px;background-image:radial-gradient(circle at 15% 10%,var(--light-1),var(--light-1-end) 45%),
radial-gradient(circle at 90% 85%,var(--light-2),var(--light-2-end) 45%)}
.night.square{padding:64px}
.night.story{padding:136px 72px}
.night .card{display:flex;flex-direction:column;flex:1 1 0;min-height:0;border-radius:48px;padding:72px;
background-color:rgba(255,255,255,.06);border:2px solid rgba(255,255,255,.14)}
.night.square .card{padding:60px 64px}
.night .pill{display:block;font-size:28px;line-height:1.4;font-weight:600;color:var(--accent-text);
background-color:var(--pill);border-radius:999px;padding:12px 28px}
.night .body{margin-top:36px}
.night .source{color:var(--accent-text)}
.night .arrow{color:var(--accent-text)}
.night .foot{min-height:48px}
";

const SWISS: &str = "
.swiss{padding:80px}
.swiss.square{padding:72px 80px}
.swiss.story{padding:144px 80px 140px}
.swiss .top{align-items:flex-start}
.swiss .numeral{font-size:360px;line-height:.8;height:288px;font-weight:800;letter-spacing:-.06em;
color:var(--accent-large)}
.swiss.square .numeral{font-size:240px;height:192px}
.swiss .block{width:200px;height:200px;background-color:var(--accent);flex-shrink:0}
.swiss.square .block{width:152px;height:152px}
.swiss .number{font-weight:600}
.swiss .mid{justify-content:flex-end;margin-bottom:60px}
.swiss.square .mid{margin-bottom:44px}
.swiss .lead{background-color:var(--ink);width:96px}
.swiss .kicker{margin-bottom:24px}
.swiss .body{max-width:780px;margin-top:36px}
.swiss .foot{border-top:4px solid var(--ink);padding-top:28px;min-height:80px}
.swiss .mark{font-size:360px;height:200px;font-weight:800}
.swiss.square .mark{font-size:280px;height:152px}
";

const VERSE: &str = "
.verse{padding:128px 112px 104px;align-items:stretch;text-align:center;
background-image:linear-gradient(160deg,var(--paper) 0%,var(--surface) 100%)}
.verse.square{padding:96px 112px 80px}
.verse.story{padding:176px 112px 160px}
.verse .frame{position:absolute;top:48px;bottom:48px;inset-inline-start:48px;inset-inline-end:48px;
border:2px solid var(--line);border-radius:8px}
.verse .who,.verse .foot{justify-content:center}
.verse .top{justify-content:center;min-height:40px}
.verse .lead,.verse .bar{align-self:center}
.verse .title{font-weight:500}
.verse .mark{margin-top:8px;align-self:center}
.verse .kicker{margin-bottom:40px}
.verse .source{color:var(--accent-text);font-size:36px}
.verse .bar{margin:48px 0 36px}
.verse.square .bar{margin:36px 0 28px}
.verse .lead{height:3px;width:96px;margin-bottom:48px}
.verse .arrow{color:var(--accent-text);font-size:40px}
.verse .foot{gap:36px}
";

const BENTO: &str = "
.bento{padding:72px;gap:28px}
.bento.square{padding:56px;gap:24px}
.bento.story{padding:136px 72px 132px}
.bento .card{display:flex;flex-direction:column;flex:1 1 0;min-height:0;background-color:var(--surface);
border-radius:44px;padding:60px 64px;box-shadow:0 18px 50px rgba(62,37,128,.10)}
.bento.square .card{padding:48px 56px}
.bento .mid{justify-content:flex-end}
.bento .body{margin-top:30px}
.bento .tiles{display:flex;gap:28px;height:300px;flex-shrink:0}
.bento.square .tiles{height:220px;gap:24px}
.bento.square.quote .tiles{height:172px}
.bento .tile{display:flex;flex-direction:column;justify-content:space-between;flex:1 1 0;min-width:0;
border-radius:44px;padding:40px 44px;background-color:var(--accent);color:var(--on-accent)}
.bento.square .tile{padding:32px 40px}
.bento .second{background-color:var(--second);color:var(--on-second)}
.bento .figure{display:block;align-self:flex-start;font-size:76px;font-weight:800;line-height:1}
.bento .small{display:block;font-size:30px;line-height:1.3;font-weight:500;min-width:0;white-space:nowrap;
overflow:hidden;text-overflow:ellipsis}
.bento .spot{width:64px;height:64px;border-radius:32px;background-color:var(--on-second);flex-shrink:0}
.bento .lead{height:12px;border-radius:6px}
.bento .source{margin-top:0}
";

const BOLD: &str = "
.bold{padding:88px}
.bold.square{padding:72px 80px}
.bold.story{padding:144px 88px 140px}
.bold .meta{font-size:30px;font-weight:700}
.bold .kicker{font-weight:700;margin-bottom:28px}
.bold .title{font-weight:900}
.bold .body{font-weight:500;margin-top:40px;max-width:840px}
.bold .source{font-weight:500;color:var(--text)}
.bold .foot{min-height:132px;align-items:flex-end}
.bold.square .foot{min-height:112px}
.bold .disc{display:flex;align-items:center;justify-content:center;width:132px;height:132px;border-radius:999px;
background-color:var(--second);color:var(--on-second);flex-shrink:0}
.bold.square .disc{width:112px;height:112px}
.bold .disc .arrow{font-size:64px;font-weight:700}
.bold .mark{font-weight:900}
.bold.summary .title{color:var(--accent-large)}
";

/// Returns the stylesheet of a template. All slides of a carousel share it.
pub(crate) fn stylesheet(template: Template) -> String {
    let own = match template {
        Template::Essay => ESSAY,
        Template::Night => NIGHT,
        Template::Swiss => SWISS,
        Template::Verse => VERSE,
        Template::Bento => BENTO,
        Template::Bold => BOLD,
    };
    format!(
        "{COMMON}.slide{{font-family:{SANS}}}.serif .title,.serif .mark{{font-family:{SERIF}}}{own}\
         .quote .title{{font-weight:var(--quote-weight)}}"
    )
}

/// The stacks of families that a slide's texts are set in. Each is asked for a character in its order.
pub(crate) fn stacks(serif: bool) -> &'static [&'static str] {
    if serif { &[SANS, SERIF] } else { &[SANS] }
}
