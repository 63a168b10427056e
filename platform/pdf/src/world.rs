//! The world a template is compiled in: itself, its inputs and the fonts. Nothing else exists, so
//! `read`, `include`, packages and `datetime.today` fail instead of reaching out.

use std::str::FromStr as _;

use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Content, Datetime, Dict, Duration};
use typst::model::DocumentElem;
use typst::syntax::{DiagSpan, FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook, FontFamily, FontList, Lang, Region, TextElem};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt as _, World, WorldExt as _};

use crate::PdfError;
use crate::fonts::{FAMILIES, loaded};

/// One template and its inputs, cut off from the machine.
pub struct Sealed {
    library: LazyHash<Library>,
    main: Source,
}

impl Sealed {
    /// A world for `template` whose documents carry `title` and `lang`.
    pub fn new(template: &str, title: &str, lang: &str, inputs: Dict) -> Result<Self, PdfError> {
        let (lang, region) = language(lang)?;
        let mut library = Library::builder().with_inputs(inputs).build();
        let title: Content = TextElem::packed(title);
        library.styles.set(DocumentElem::title, Some(title));
        library.styles.set(TextElem::lang, lang);
        library.styles.set(TextElem::region, region);
        library
            .styles
            .set(TextElem::font, FontList(FAMILIES.map(FontFamily::new).to_vec()));
        let path = VirtualPath::new("template.typ").map_err(|error| PdfError::Template(error.to_string()))?;
        let id = RootedPath::new(VirtualRoot::Project, path).intern();
        Ok(Self {
            library: LazyHash::new(library),
            main: Source::new(id, template.to_owned()),
        })
    }

    /// The 1-based line of the template that `span` points to.
    pub fn line(&self, span: DiagSpan) -> Option<usize> {
        let range = self.range(span)?;
        Some(self.main.lines().byte_to_line(range.start)? + 1)
    }
}

/// Language and region of a BCP 47 tag: `ar`, `de-AT`, `zh-Hant-TW`.
fn language(tag: &str) -> Result<(Lang, Option<Region>), PdfError> {
    let mut parts = tag.split(['-', '_']);
    let lang = parts.next().unwrap_or_default();
    if !lang.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Err(PdfError::Language(tag.to_owned()));
    }
    let lang = Lang::from_str(lang).map_err(|_| PdfError::Language(tag.to_owned()))?;
    Ok((lang, parts.find_map(|part| Region::from_str(part).ok())))
}

impl World for Sealed {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &loaded().book
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.main.id() {
            Ok(self.main.clone())
        } else {
            Err(FileError::AccessDenied)
        }
    }

    fn file(&self, _: FileId) -> FileResult<Bytes> {
        Err(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        loaded().faces.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}
