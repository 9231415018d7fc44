//! Nested stacks: templates with parameters of the outer one, which reads their outputs.

use std::{collections::BTreeMap, rc::Rc};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

use super::{
    intrinsics::{Child, Scope},
    properties::{Properties, texts},
};

const STACK: &str = "AWS::CloudFormation::Stack";
const APPLICATION: &str = "AWS::Serverless::Application";

pub(super) fn is_stack(kind: &str) -> bool {
    matches!(kind, STACK | APPLICATION)
}

impl<'a> Scope<'a> {
    /// Returns the scope of a nested stack, read on first use.
    pub(super) fn child(&self, id: &str) -> Result<Rc<Self>> {
        match self.children.borrow().get(id) {
            Some(Child::Loaded(child)) => return Ok(child.clone()),
            Some(Child::Loading) => {
                bail!("nested stacks wait for each other in a circle: {id} needs its own outputs")
            }
            None => {}
        }
        self.children
            .borrow_mut()
            .insert(id.to_owned(), Child::Loading);
        match self.load(id) {
            Ok(child) => {
                let child = Rc::new(child);
                self.children
                    .borrow_mut()
                    .insert(id.to_owned(), Child::Loaded(child.clone()));
                Ok(child)
            }
            Err(error) => {
                self.children.borrow_mut().remove(id);
                Err(self
                    .source
                    .located(&error.context(format!("Resources.{id}"))))
            }
        }
    }

    fn load(&self, id: &str) -> Result<Self> {
        let resource = self
            .resource(id)
            .with_context(|| format!("there is no nested stack {id}"))?;
        let kind = resource
            .get("Type")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let file = match kind {
            STACK => "TemplateURL",
            APPLICATION => "Location",
            other => bail!("{id} is of type {other}: only a nested stack has outputs"),
        };
        if !self.applies(resource)? {
            bail!("the condition of the nested stack {id} is false");
        }
        let empty = Value::Object(Map::new());
        let properties = resource.get("Properties").unwrap_or(&empty);
        let known = [
            file,
            "Parameters",
            "Tags",
            "TimeoutInMinutes",
            "NotificationARNs",
        ];
        let properties = Properties::new(kind, properties, &known)?;
        let location = properties
            .of
            .get(file)
            .with_context(|| format!("{file} is missing"))?;
        let location = self.text(location).with_context(|| file.to_owned())?;
        let source = self
            .source
            .included(&location)
            .with_context(|| file.to_owned())?;
        let given = self
            .given(properties.of.get("Parameters"))
            .context("Parameters")?;
        let path = self.path.iter().cloned().chain([id.to_owned()]).collect();
        let child = Self::new(
            source,
            format!("{}-{id}", self.stack),
            path,
            self.places,
            &given,
        )?;
        if let Some(unknown) = given.keys().find(|name| !child.declares_parameter(name)) {
            bail!("Parameters: {unknown} is not a parameter of {location}");
        }
        Ok(child)
    }

    /// Resolves parameters for a nested stack. Lists are joined by commas, as CloudFormation does.
    fn given(&self, parameters: Option<&Value>) -> Result<BTreeMap<String, Value>> {
        let parameters = parameters.and_then(Value::as_object).into_iter().flatten();
        let given = parameters.map(|(name, value)| {
            let value = self.resolve(value).with_context(|| name.clone())?;
            let value = if value.is_array() {
                Value::String(texts(Some(&value)).join(","))
            } else {
                value
            };
            Ok((name.clone(), value))
        });
        given
            .filter(|given| !matches!(given, Ok((_, Value::Null))))
            .collect()
    }

    /// Returns an id that is unique over all stacks: `Rooms-Sockets`; in the root stack the logical id.
    pub(super) fn qualified(&self, id: &str) -> String {
        self.path
            .iter()
            .map(String::as_str)
            .chain([id])
            .collect::<Vec<_>>()
            .join("-")
    }
}
