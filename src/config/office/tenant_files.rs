//! `tenants.d`: tenants with files of their own, beside the office's.

use std::path::Path;

use crate::config::ReadFile;
use crate::config::document::Document;
use crate::config::reader::{Place, Reader};
use crate::config::section::Section;

/// Seen from the office's own file.
const FOLDER: &str = "tenants.d";
/// More tenants than one server has ports for.
const FILES_MAX: usize = 500;

/// A tenant's file, or why it cannot be read.
pub struct TenantFile {
    /// Seen from the office's own file.
    path: String,
    /// As complaints name it.
    file: String,
    text: String,
    fault: Option<String>,
}

impl TenantFile {
    pub fn document(&self) -> Document<'_> {
        Document::parse(&self.file, &self.text).in_folder(FOLDER)
    }
}

/// In the order of their names.
pub fn gather(office_file: &str, files: &mut ReadFile<'_>) -> Vec<TenantFile> {
    let named = |path: &str| Path::new(office_file).with_file_name(path).display().to_string();
    let mut names = match files.list(FOLDER) {
        Ok(names) => names,
        Err(fault) => {
            let (path, text) = (FOLDER.to_owned(), String::new());
            return vec![TenantFile { file: named(FOLDER), path, text, fault: Some(fault) }];
        }
    };
    names.retain(|name| name.ends_with(".toml") && !name.starts_with('.'));
    names.sort();
    names.truncate(FILES_MAX);
    let paths = names.into_iter().map(|name| format!("{FOLDER}/{name}"));
    let read = paths.map(|path| {
        let bytes = files.read(&path);
        let text = bytes
            .and_then(|bytes| String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned()));
        let fault = text.as_ref().err().cloned();
        TenantFile { file: named(&path), path, text: text.unwrap_or_default(), fault }
    });
    read.collect()
}

/// The top of each file, by its path. The office can live without those that
/// cannot be read.
pub fn sections<'d>(
    files: &[TenantFile],
    documents: &'d [Document<'d>],
    reader: &mut Reader<'_, '_>,
) -> Vec<(String, Section<'d>)> {
    let numbered = files.iter().zip(1..);
    let sections = numbered.filter_map(|(file, index)| match &file.fault {
        None => Some((file.path.clone(), Section::top_of(documents, index))),
        Some(fault) => {
            let place = Place { document: index, span: 0..0 };
            let fault = format!("{fault}; its tenant has no telephones");
            reader.leave_out(&place, "", fault);
            None
        }
    });
    sections.collect()
}
