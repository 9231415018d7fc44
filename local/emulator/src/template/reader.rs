//! Reads the root template and its nested stacks.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

use super::{
    intrinsics::Scope, model::Template, places::Places, resources, source::Source, stacks, yaml,
};

/// Returns the files of all nested templates that exist.
pub fn nested_files(template: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut waiting = vec![Source::file(template)?];
    while let Some(source) = waiting.pop() {
        let document = yaml::read(&source.text()).map_err(|error| source.located(&error))?;
        for resource in document
            .get("Resources")
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(Map::values)
        {
            let properties = resource.get("Properties");
            let location =
                properties.and_then(|of| of.get("TemplateURL").or_else(|| of.get("Location")));
            // Errors are reported when the stack is read.
            let nested = location
                .and_then(Value::as_str)
                .and_then(|location| source.included(location).ok());
            files.extend(
                nested
                    .iter()
                    .filter_map(|nested| nested.path().map(Path::to_owned)),
            );
            waiting.extend(nested);
        }
    }
    Ok(files)
}

impl Template {
    /// Reads a template and the stacks nested in it.
    pub fn load(path: &Path, places: &Places) -> Result<Self> {
        Self::of_root(Source::file(path)?, places)
    }

    /// Parses a template. Its nested stacks and code are relative to the current folder.
    pub fn parse(text: &str, places: &Places) -> Result<Self> {
        Self::of_root(Source::of_text(text), places)
    }

    fn of_root(source: Source, places: &Places) -> Result<Self> {
        let given = places
            .parameters
            .iter()
            .map(|(name, value)| (name.clone(), Value::String(value.clone())));
        let root = Scope::new(
            source,
            places.stack.clone(),
            Vec::new(),
            places,
            &given.collect(),
        )?;
        if let Some(unknown) = places
            .parameters
            .keys()
            .find(|name| !root.declares_parameter(name))
        {
            bail!(
                "{}: {unknown} is given a value and is not a parameter",
                root.source.place(["Parameters"])
            );
        }
        let mut template = Self {
            parameters: root.parameter_texts(),
            ..Self::default()
        };
        template.add_stack(&root)?;
        template.check()?;
        template.name_socket_paths();
        template.localize_addresses(places);
        Ok(template)
    }

    fn add_stack(&mut self, scope: &Scope) -> Result<()> {
        for (id, resource) in scope.resources() {
            let added = self
                .add_resource(id, resource, scope)
                .with_context(|| format!("Resources.{id}"));
            if added.map_err(|error| scope.source.located(&error))? == Added::Stack {
                // Errors of nested stacks carry their own place.
                let child = scope.child(id)?;
                self.add_stack(&child)?;
            }
        }
        Ok(())
    }

    fn add_resource(&mut self, id: &str, resource: &Value, scope: &Scope) -> Result<Added> {
        let resource = resource.as_object().context("it is not a mapping")?;
        if !scope.applies(resource)? {
            return Ok(Added::Resource);
        }
        if resource
            .get("Type")
            .and_then(Value::as_str)
            .is_some_and(stacks::is_stack)
        {
            return Ok(Added::Stack);
        }
        resources::add(self, id, resource, scope)?;
        Ok(Added::Resource)
    }

    /// All APIs share a port: a stage is the path, preceded by the API's id when several APIs have such a stage.
    fn name_socket_paths(&mut self) {
        let stages: Vec<_> = self.sockets.iter().map(|api| api.stage.clone()).collect();
        for api in &mut self.sockets {
            let is_only = stages.iter().filter(|stage| **stage == api.stage).count() == 1;
            api.path = if is_only {
                api.stage.clone()
            } else {
                format!("{}/{}", api.id, api.stage)
            };
        }
    }

    /// Replaces AWS domains of APIs in environments by addresses of this machine.
    fn localize_addresses(&mut self, places: &Places) {
        let mut replacements = Vec::new();
        for api in &self.sockets {
            let domain = places.domain(&api.id);
            for (scheme, here) in [("wss", "ws"), ("https", "http")] {
                let to = |path: &str| format!("{here}://{}{path}", places.socket);
                replacements.push((
                    format!("{scheme}://{domain}/{}", api.stage),
                    to(&format!("/{}", api.path)),
                ));
                replacements.push((format!("{scheme}://{domain}"), to("")));
            }
        }
        for api in &self.http_apis {
            replacements.push((
                format!("https://{}", places.domain(&api.id)),
                places.gateway.clone(),
            ));
        }
        for value in self
            .functions
            .iter_mut()
            .flat_map(|function| function.environment.values_mut())
        {
            for (from, to) in &replacements {
                *value = value.replace(from, to);
            }
        }
    }
}

#[derive(PartialEq, Eq)]
enum Added {
    Resource,
    /// Its resources are still to be added.
    Stack,
}
