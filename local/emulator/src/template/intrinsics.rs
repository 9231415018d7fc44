//! `Ref`, `GetAtt`, `Sub`, `Join`, `If`, `Select`, `Split`, `FindInMap` and conditions.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

use super::{places::Places, source::Source, yaml};

/// One template with the values of its parameters. Each nested stack has a scope of its own.
pub(super) struct Scope<'a> {
    pub(super) places: &'a Places,
    pub(super) source: Source,
    /// `AWS::StackName`.
    pub(super) stack: String,
    /// Logical ids of the nested stacks down to this one.
    pub(super) path: Vec<String>,
    pub(super) document: Map<String, Value>,
    pub(super) children: RefCell<BTreeMap<String, Child<'a>>>,
    parameters: BTreeMap<String, Value>,
    /// The depth of nested calls, which detects circles.
    depth: Cell<usize>,
}

/// A nested stack, read on first use. `Loading` detects circles.
pub(super) enum Child<'a> {
    Loading,
    Loaded(Rc<Scope<'a>>),
}

const MAX_DEPTH: usize = 60;
const SOCKETS: &str = "AWS::Serverless::WebSocketApi";
const HTTP: &str = "AWS::Serverless::HttpApi";
/// The API that SAM creates for routes without one.
pub(super) const IMPLICIT_API: &str = "ServerlessHttpApi";
const SECTIONS: [&str; 9] = [
    "AWSTemplateFormatVersion",
    "Transform",
    "Description",
    "Metadata",
    "Outputs",
    "Parameters",
    "Mappings",
    "Conditions",
    "Globals",
];

impl<'a> Scope<'a> {
    pub(super) fn new(
        source: Source,
        stack: String,
        path: Vec<String>,
        places: &'a Places,
        given: &BTreeMap<String, Value>,
    ) -> Result<Self> {
        let document = yaml::read(&source.text())
            .with_context(|| format!("{} is not a template", source.place([])))?;
        let Value::Object(document) = document else {
            bail!("{}: the template is not a mapping", source.place([]));
        };
        let checked = || {
            if let Some(unknown) = document
                .keys()
                .find(|name| *name != "Resources" && !SECTIONS.contains(&name.as_str()))
            {
                bail!("{unknown}: local does not know this section");
            }
            section(&document, "Resources")?;
            parameters(&document, given)
        };
        let parameters = checked().map_err(|error| source.located(&error))?;
        let (children, depth) = (RefCell::default(), Cell::new(0));
        Ok(Self {
            places,
            source,
            stack,
            path,
            document,
            children,
            parameters,
            depth,
        })
    }

    pub(super) fn resources(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.document
            .get("Resources")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
    }

    pub(super) fn resource(&self, id: &str) -> Option<&Map<String, Value>> {
        self.document.get("Resources")?.get(id)?.as_object()
    }

    pub(super) fn declares_parameter(&self, name: &str) -> bool {
        self.document
            .get("Parameters")
            .is_some_and(|parameters| parameters.get(name).is_some())
    }

    pub(super) fn parameter_texts(&self) -> BTreeMap<String, String> {
        let texts = self
            .parameters
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), self.text(value).ok()?)));
        texts.collect()
    }

    /// The resolved globals of SAM for one kind of resource: `Function` or `HttpApi`.
    pub(super) fn globals(&self, kind: &str) -> Result<Value> {
        let globals = self
            .document
            .get("Globals")
            .and_then(|globals| globals.get(kind));
        globals
            .map_or(Ok(Value::Null), |globals| self.resolve(globals))
            .with_context(|| format!("Globals.{kind}"))
    }

    pub(super) fn applies(&self, resource: &Map<String, Value>) -> Result<bool> {
        match resource.get("Condition").and_then(Value::as_str) {
            Some(name) => self.condition(name),
            None => Ok(true),
        }
    }

    pub(super) fn resolve(&self, value: &Value) -> Result<Value> {
        match value {
            Value::Array(items) => {
                let items = items
                    .iter()
                    .map(|item| self.resolve(item))
                    .collect::<Result<Vec<_>>>()?;
                // AWS::NoValue takes an item away.
                Ok(Value::Array(
                    items.into_iter().filter(|item| !item.is_null()).collect(),
                ))
            }
            Value::Object(object) => match function(object) {
                Some((name, argument)) => self.call(name, argument),
                None => {
                    let mut resolved = Map::new();
                    for (key, value) in object {
                        let value = self.resolve(value).with_context(|| key.clone())?;
                        if !value.is_null() {
                            resolved.insert(key.clone(), value);
                        }
                    }
                    Ok(Value::Object(resolved))
                }
            },
            plain => Ok(plain.clone()),
        }
    }

    pub(super) fn text(&self, value: &Value) -> Result<String> {
        match self.resolve(value)? {
            Value::String(text) => Ok(text),
            Value::Number(number) => Ok(number.to_string()),
            Value::Bool(value) => Ok(value.to_string()),
            other => bail!("{other} is not a text"),
        }
    }

    fn call(&self, name: &str, argument: &Value) -> Result<Value> {
        let depth = self.depth.get();
        if depth > MAX_DEPTH {
            bail!("references go round in a circle, or are nested deeper than {MAX_DEPTH}");
        }
        self.depth.set(depth + 1);
        let called = self.call_one(name, argument);
        self.depth.set(depth);
        called
    }

    fn call_one(&self, name: &str, argument: &Value) -> Result<Value> {
        match name {
            "Ref" => self.reference(argument.as_str().context("Ref takes a name")?),
            "Fn::GetAtt" => match argument.as_array().map(Vec::as_slice) {
                Some([Value::String(resource), Value::String(attribute)]) => {
                    self.attribute(resource, attribute)
                }
                _ => bail!("GetAtt takes a resource and an attribute"),
            },
            "Fn::Sub" => match argument {
                Value::String(text) => self.substitute(text, &Map::new()),
                Value::Array(parts) => match parts.as_slice() {
                    [Value::String(text), Value::Object(names)] => self.substitute(text, names),
                    _ => bail!("Sub takes a text and names"),
                },
                _ => bail!("Sub takes a text"),
            },
            "Fn::Join" => match argument.as_array().map(Vec::as_slice) {
                Some([Value::String(with), items]) => {
                    let items = self.resolve(items)?;
                    let items = items.as_array().context("Join takes a list")?;
                    let texts = items
                        .iter()
                        .map(|item| self.text(item))
                        .collect::<Result<Vec<_>>>()?;
                    Ok(Value::String(texts.join(with)))
                }
                _ => bail!("Join takes a separator and a list"),
            },
            "Fn::Split" => match argument.as_array().map(Vec::as_slice) {
                Some([Value::String(at), text]) => {
                    let text = self.text(text)?;
                    Ok(text.split(at.as_str()).map(Value::from).collect())
                }
                _ => bail!("Split takes a separator and a text"),
            },
            "Fn::Select" => match argument.as_array().map(Vec::as_slice) {
                Some([index, list]) => {
                    let index: usize =
                        self.text(index)?.parse().context("Select takes an index")?;
                    let list = self.resolve(list)?;
                    list.get(index)
                        .cloned()
                        .with_context(|| format!("Select: there is no item {index}"))
                }
                _ => bail!("Select takes an index and a list"),
            },
            "Fn::If" => match argument.as_array().map(Vec::as_slice) {
                Some([Value::String(condition), yes, no]) => {
                    self.resolve(if self.condition(condition)? { yes } else { no })
                }
                _ => bail!("If takes a condition and two values"),
            },
            "Fn::FindInMap" => match argument.as_array().map(Vec::as_slice) {
                Some([map, first, second]) => {
                    let (map, first, second) =
                        (self.text(map)?, self.text(first)?, self.text(second)?);
                    let found = self
                        .document
                        .get("Mappings")
                        .and_then(|maps| maps.get(&map)?.get(&first)?.get(&second));
                    found.cloned().with_context(|| {
                        format!("FindInMap: Mappings has no {map}.{first}.{second}")
                    })
                }
                _ => bail!("FindInMap takes a mapping and two keys"),
            },
            other => bail!("local does not know {other}"),
        }
    }

    fn condition(&self, name: &str) -> Result<bool> {
        let depth = self.depth.get();
        if depth > MAX_DEPTH {
            bail!("the condition {name} depends on itself");
        }
        self.depth.set(depth + 1);
        let truth = self.condition_once(name);
        self.depth.set(depth);
        truth
    }

    fn condition_once(&self, name: &str) -> Result<bool> {
        let condition = self
            .document
            .get("Conditions")
            .and_then(|conditions| conditions.get(name));
        self.truth(condition.with_context(|| format!("there is no condition {name}"))?)
    }

    fn truth(&self, value: &Value) -> Result<bool> {
        let (name, argument) = value
            .as_object()
            .and_then(function)
            .context("a condition is a function")?;
        let arguments = argument.as_array().map(Vec::as_slice).unwrap_or_default();
        match (name, arguments) {
            ("Condition", _) => {
                self.condition(argument.as_str().context("Condition takes a name")?)
            }
            ("Fn::Equals", [a, b]) => Ok(self.text(a)? == self.text(b)?),
            ("Fn::Not", [a]) => Ok(!self.truth(a)?),
            ("Fn::And", all) => all
                .iter()
                .try_fold(true, |so_far, one| Ok(so_far && self.truth(one)?)),
            ("Fn::Or", any) => any
                .iter()
                .try_fold(false, |so_far, one| Ok(so_far || self.truth(one)?)),
            (other, _) => bail!("local does not know the condition {other}"),
        }
    }

    fn substitute(&self, text: &str, names: &Map<String, Value>) -> Result<Value> {
        let mut result = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after
                .split_once('}')
                .with_context(|| format!("an unclosed ${{ in {text}"))?;
            result.push_str(before);
            match name.strip_prefix('!') {
                Some(literal) => result.push_str(&format!("${{{literal}}}")),
                None => result.push_str(&self.name(name, names)?),
            }
            rest = after;
        }
        result.push_str(rest);
        Ok(Value::String(result))
    }

    fn name(&self, name: &str, names: &Map<String, Value>) -> Result<String> {
        if let Some(value) = names.get(name) {
            return self.text(value);
        }
        let value = match name.split_once('.') {
            Some((resource, attribute)) if !name.starts_with("AWS::") => {
                self.attribute(resource, attribute)?
            }
            _ => self.reference(name)?,
        };
        self.text(&value)
    }

    fn reference(&self, name: &str) -> Result<Value> {
        let places = self.places;
        Ok(Value::String(match name {
            "AWS::NoValue" => return Ok(Value::Null),
            "AWS::StackName" => self.stack.clone(),
            "AWS::Region" => places.region.clone(),
            "AWS::AccountId" => places.account.clone(),
            "AWS::Partition" => "aws".to_owned(),
            "AWS::URLSuffix" => "amazonaws.com".to_owned(),
            "AWS::StackId" => {
                format!(
                    "arn:aws:cloudformation:{}:{}:stack/{}/local",
                    places.region, places.account, self.stack
                )
            }
            name => match self.parameters.get(name) {
                Some(value) => return Ok(value.clone()),
                // An alias of a function is the function here.
                None => match name.strip_suffix(".Alias") {
                    Some(function) => self.physical(function)?.arn,
                    None => self.physical(name)?.reference,
                },
            },
        }))
    }

    fn attribute(&self, resource: &str, attribute: &str) -> Result<Value> {
        if let Some(output) = attribute.strip_prefix("Outputs.") {
            let child = self.child(resource)?;
            return child
                .output(output)
                .map_err(|error| child.source.located(&error));
        }
        let kind = self.kind(resource).unwrap_or_default();
        let physical = self.physical(resource)?;
        let value = match (attribute, kind) {
            ("ApiEndpoint", SOCKETS) => {
                format!("wss://{}", self.places.domain(&physical.reference))
            }
            ("ApiEndpoint", HTTP) => format!("https://{}", self.places.domain(&physical.reference)),
            ("ApiId", SOCKETS | HTTP) => physical.reference,
            ("Arn", _) => physical.arn,
            ("QueueName" | "Name" | "TopicName", _) => physical.name,
            ("QueueUrl", _) => physical.reference,
            (other, _) => bail!("local does not know the attribute {resource}.{other}"),
        };
        Ok(Value::String(value))
    }

    fn output(&self, name: &str) -> Result<Value> {
        let output = self
            .document
            .get("Outputs")
            .and_then(|outputs| outputs.get(name))
            .and_then(Value::as_object);
        let output = output.with_context(|| format!("Outputs: there is no output {name}"))?;
        if !self.applies(output)? {
            bail!("Outputs.{name}: its condition is false");
        }
        let value = output
            .get("Value")
            .with_context(|| format!("Outputs.{name} has no Value"))?;
        self.resolve(value)
            .with_context(|| format!("Outputs.{name}"))
    }

    /// Returns the type of a resource, or of the implicit API, which is not declared.
    fn kind(&self, id: &str) -> Option<&str> {
        match self.resource(id) {
            Some(resource) => Some(
                resource
                    .get("Type")
                    .and_then(Value::as_str)
                    .unwrap_or_default(),
            ),
            None if id == IMPLICIT_API => Some(HTTP),
            None => None,
        }
    }

    /// Returns the name, ARN and `Ref` of a resource.
    pub(super) fn physical(&self, id: &str) -> Result<Physical> {
        let kind = self
            .kind(id)
            .with_context(|| format!("there is no resource or parameter {id}"))?;
        let named = |property: &str| -> Result<Option<String>> {
            let properties = self
                .resource(id)
                .and_then(|resource| resource.get("Properties"));
            let value = properties.and_then(|properties| properties.get(property));
            value.map(|value| self.text(value)).transpose()
        };
        let Places {
            region,
            account,
            aws_url,
            ..
        } = self.places;
        let stack = &self.stack;
        let generated = format!("{stack}-{id}");
        let arn =
            |service: &str, rest: &str| format!("arn:aws:{service}:{region}:{account}:{rest}");
        Ok(match kind {
            "AWS::SQS::Queue" => {
                let name = named("QueueName")?.unwrap_or(generated);
                Physical {
                    arn: arn("sqs", &name),
                    reference: format!("{aws_url}/{account}/{name}"),
                    name,
                }
            }
            "AWS::Serverless::Function" => {
                let name = named("FunctionName")?.unwrap_or(generated);
                Physical {
                    arn: arn("lambda", &format!("function:{name}")),
                    reference: name.clone(),
                    name,
                }
            }
            "AWS::DynamoDB::Table" | "AWS::Serverless::SimpleTable" => {
                let name = named("TableName")?.unwrap_or(generated);
                Physical {
                    arn: arn("dynamodb", &format!("table/{name}")),
                    reference: name.clone(),
                    name,
                }
            }
            "AWS::S3::Bucket" => {
                let name = named("BucketName")?.unwrap_or_else(|| generated.to_lowercase());
                Physical {
                    arn: format!("arn:aws:s3:::{name}"),
                    reference: name.clone(),
                    name,
                }
            }
            "AWS::Events::EventBus" => {
                let name = named("Name")?.unwrap_or(generated);
                Physical {
                    arn: arn("events", &format!("event-bus/{name}")),
                    reference: name.clone(),
                    name,
                }
            }
            "AWS::SES::EmailIdentity" => {
                let name = named("EmailIdentity")?.unwrap_or(generated);
                Physical {
                    arn: arn("ses", &format!("identity/{name}")),
                    reference: name.clone(),
                    name,
                }
            }
            "AWS::SNS::Topic" => {
                let name = named("TopicName")?.unwrap_or(generated);
                Physical {
                    arn: arn("sns", &name),
                    reference: arn("sns", &name),
                    name,
                }
            }
            SOCKETS | HTTP => {
                // A word that can be part of a domain, as the ids of AWS are.
                let api = self.qualified(id).to_lowercase();
                Physical {
                    arn: arn("execute-api", &api),
                    reference: api,
                    name: named("Name")?.unwrap_or(generated),
                }
            }
            "AWS::Logs::LogGroup" => {
                let name = named("LogGroupName")?.unwrap_or(generated);
                Physical {
                    arn: arn("logs", &format!("log-group:{name}:*")),
                    reference: name.clone(),
                    name,
                }
            }
            _ => Physical {
                arn: arn("local", &generated),
                reference: generated.clone(),
                name: generated,
            },
        })
    }
}

/// Returns the values of the declared parameters: given ones, else defaults.
fn parameters(
    document: &Map<String, Value>,
    given: &BTreeMap<String, Value>,
) -> Result<BTreeMap<String, Value>> {
    let declared = document
        .get("Parameters")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    declared
        .map(|(name, declaration)| {
            let value = given
                .get(name)
                .or_else(|| declaration.get("Default"))
                .cloned();
            let value = value.with_context(|| {
                format!("Parameters.{name} has no default, and is given no value")
            })?;
            let kind = declaration
                .get("Type")
                .and_then(Value::as_str)
                .unwrap_or_default();
            if kind.starts_with("AWS::SSM::") {
                bail!("Parameters.{name}: local does not know parameters of type {kind}");
            }
            let is_list = kind == "CommaDelimitedList" || kind.starts_with("List<");
            let value = match value.as_str().filter(|_| is_list) {
                Some(text) => text
                    .split(',')
                    .map(str::trim)
                    .filter(|item| !item.is_empty())
                    .map(Value::from)
                    .collect(),
                None => value,
            };
            Ok((name.clone(), value))
        })
        .collect()
}

pub(super) struct Physical {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) reference: String,
}

/// `{"Ref": ..}` and `{"Fn::..": ..}` are the only objects with one such key.
fn function(object: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (name, argument) = object.iter().next()?;
    let is_function =
        object.len() == 1 && (name == "Ref" || name == "Condition" || name.starts_with("Fn::"));
    is_function.then_some((name.as_str(), argument))
}

fn section<'a>(document: &'a Map<String, Value>, name: &str) -> Result<&'a Map<String, Value>> {
    document
        .get(name)
        .and_then(Value::as_object)
        .with_context(|| format!("{name} is missing or not a mapping"))
}
