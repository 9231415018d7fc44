//! The files of the widget: its loader, the scripts of its frame and the licences of these, embedded by the build.

use confab_lambda::{ApiRequest, Response, response};
use http::{HeaderName, HeaderValue, StatusCode, header};

use super::etags::is_known;

/// Browsers ask again after five minutes, so that a release reaches all sites soon.
const CACHE_CONTROL: &str = "public, max-age=300";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

struct File {
    name: &'static str,
    /// With its quotes. The build has hashed the file.
    etag: &'static str,
    plain: &'static [u8],
    gzip: &'static [u8],
}

static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/widget_files.rs"));

/// Answers with a file of the widget, which the script of every site may load. `None` when there is no such file.
pub(crate) fn find_file(request: &ApiRequest, name: &str) -> Option<Response> {
    let file = FILES.iter().find(|file| file.name == name)?;
    Some(render(request, file))
}

fn render(request: &ApiRequest, file: &File) -> Response {
    let accepts_gzip = request
        .header(header::ACCEPT_ENCODING.as_str())
        .is_some_and(|accepted| accepted.contains("gzip"));
    let media_type = match file.name.rsplit_once('.') {
        Some((_, "txt")) => TEXT,
        _ => JAVASCRIPT,
    };
    let mut response = if is_known(request.header("if-none-match"), file.etag) {
        response::empty(StatusCode::NOT_MODIFIED)
    } else if accepts_gzip {
        response::bytes(StatusCode::OK, media_type, file.gzip.to_vec())
    } else {
        response::bytes(StatusCode::OK, media_type, file.plain.to_vec())
    };
    let headers = response.headers_mut();
    if accepts_gzip && headers.contains_key(header::CONTENT_TYPE) {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    headers.insert(header::ETAG, HeaderValue::from_static(file.etag));
    for (name, value) in [
        (header::CACHE_CONTROL, CACHE_CONTROL),
        (header::VARY, "accept-encoding"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // A module is fetched with CORS, and a site with an isolating policy shows marked files alone.
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "cross-origin",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
