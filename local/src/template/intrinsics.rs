//! `Ref`, `GetAtt`, `Sub`, `Join`, `If`, `Select`, `Split` and conditions, on names that exist on this laptop.

use std::{cell::Cell, collections::BTreeMap};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

use super::{Places, SocketApi, section};

pub(super) struct Scope<'a> {
    pub(super) places: &'a Places,
    resources: &'a Map<String, Value>,
    conditions: Option<&'a Map<String, Value>>,
    parameters: BTreeMap<String, Value>,
    /// How many calls are under way.
    depth: Cell<usize>,
}

const DEEPEST: usize = 60;
const SOCKETS: &str = "AWS::Serverless::WebSocketApi";

impl<'a> Scope<'a> {
    pub(super) fn new(document: &'a Map<String, Value>, places: &'a Places) -> Result<Self> {
        let mut parameters = BTreeMap::new();
        let declared = document.get("Parameters").and_then(Value::as_object);
        for (name, declaration) in declared.into_iter().flatten() {
            let given = places.parameters.get(name).map(|value| Value::String(value.clone()));
            let value = given
                .or_else(|| declaration.get("Default").cloned())
                .with_context(|| format!("Parameters.{name} has no default, and local gives it no value"))?;
            parameters.insert(name.clone(), value);
        }
        Ok(Self {
            places,
            resources: section(document, "Resources")?,
            conditions: document.get("Conditions").and_then(Value::as_object),
            parameters,
            depth: Cell::new(0),
        })
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
                let items = items.iter().map(|item| self.resolve(item)).collect::<Result<Vec<_>>>()?;
                // AWS::NoValue takes an item away.
                Ok(Value::Array(items.into_iter().filter(|item| !item.is_null()).collect()))
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

    fn text(&self, value: &Value) -> Result<String> {
        match self.resolve(value)? {
            Value::String(text) => Ok(text),
            Value::Number(number) => Ok(number.to_string()),
            Value::Bool(value) => Ok(value.to_string()),
            other => bail!("{other} is not a text"),
        }
    }

    fn call(&self, name: &str, argument: &Value) -> Result<Value> {
        let depth = self.depth.get();
        if depth > DEEPEST {
            bail!("references go round in a circle, or are nested deeper than {DEEPEST}");
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
                Some([Value::String(resource), Value::String(attribute)]) => self.attribute(resource, attribute),
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
                    let texts = items.iter().map(|item| self.text(item)).collect::<Result<Vec<_>>>()?;
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
                    let index: usize = self.text(index)?.parse().context("Select takes an index")?;
                    let list = self.resolve(list)?;
                    list.get(index).cloned().with_context(|| format!("Select: there is no item {index}"))
                }
                _ => bail!("Select takes an index and a list"),
            },
            "Fn::If" => match argument.as_array().map(Vec::as_slice) {
                Some([Value::String(condition), yes, no]) => {
                    self.resolve(if self.condition(condition)? { yes } else { no })
                }
                _ => bail!("If takes a condition and two values"),
            },
            other => bail!("local does not know {other}"),
        }
    }

    fn condition(&self, name: &str) -> Result<bool> {
        let depth = self.depth.get();
        if depth > DEEPEST {
            bail!("the condition {name} depends on itself");
        }
        self.depth.set(depth + 1);
        let truth = self.condition_once(name);
        self.depth.set(depth);
        truth
    }

    fn condition_once(&self, name: &str) -> Result<bool> {
        let condition = self.conditions.and_then(|conditions| conditions.get(name));
        self.truth(condition.with_context(|| format!("there is no condition {name}"))?)
    }

    fn truth(&self, value: &Value) -> Result<bool> {
        let (name, argument) = value.as_object().and_then(function).context("a condition is a function")?;
        let arguments = argument.as_array().map(Vec::as_slice).unwrap_or_default();
        match (name, arguments) {
            ("Condition", _) => self.condition(argument.as_str().context("Condition takes a name")?),
            ("Fn::Equals", [a, b]) => Ok(self.text(a)? == self.text(b)?),
            ("Fn::Not", [a]) => Ok(!self.truth(a)?),
            ("Fn::And", all) => all.iter().try_fold(true, |so_far, one| Ok(so_far && self.truth(one)?)),
            ("Fn::Or", any) => any.iter().try_fold(false, |so_far, one| Ok(so_far || self.truth(one)?)),
            (other, _) => bail!("local does not know the condition {other}"),
        }
    }

    fn substitute(&self, text: &str, names: &Map<String, Value>) -> Result<Value> {
        let mut result = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}').with_context(|| format!("an unclosed ${{ in {text}"))?;
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
            Some((resource, attribute)) if !name.starts_with("AWS::") => self.attribute(resource, attribute)?,
            _ => self.reference(name)?,
        };
        self.text(&value)
    }

    fn reference(&self, name: &str) -> Result<Value> {
        let places = self.places;
        Ok(Value::String(match name {
            "AWS::NoValue" => return Ok(Value::Null),
            "AWS::StackName" => places.stack.clone(),
            "AWS::Region" => places.region.clone(),
            "AWS::AccountId" => places.account.clone(),
            "AWS::Partition" => "aws".to_owned(),
            "AWS::URLSuffix" => "amazonaws.com".to_owned(),
            "AWS::StackId" => {
                format!("arn:aws:cloudformation:{}:{}:stack/{}/local", places.region, places.account, places.stack)
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
        let physical = self.physical(resource)?;
        let value = match attribute {
            "ApiEndpoint" if self.kind(resource) == SOCKETS => {
                format!("wss://{}", SocketApi::domain(&physical.reference, self.places))
            }
            "ApiId" if self.kind(resource) == SOCKETS => physical.reference,
            "Arn" => physical.arn,
            "QueueName" | "Name" | "TopicName" => physical.name,
            "QueueUrl" | "ApiEndpoint" => physical.reference,
            other => bail!("local does not know the attribute {resource}.{other}"),
        };
        Ok(Value::String(value))
    }

    fn kind(&self, id: &str) -> &str {
        self.resources.get(id).and_then(|resource| resource.get("Type")).and_then(Value::as_str).unwrap_or_default()
    }

    /// The name, ARN and `Ref` that a resource has here.
    pub(super) fn physical(&self, id: &str) -> Result<Physical> {
        let resource = self.resources.get(id).with_context(|| format!("there is no resource or parameter {id}"))?;
        let kind = self.kind(id);
        let named = |property: &str| -> Result<Option<String>> {
            let value = resource.get("Properties").and_then(|properties| properties.get(property));
            value.map(|value| self.text(value)).transpose()
        };
        let Places { stack, region, account, aws_url, .. } = self.places;
        let generated = format!("{stack}-{id}");
        let arn = |service: &str, rest: &str| format!("arn:aws:{service}:{region}:{account}:{rest}");
        Ok(match kind {
            "AWS::SQS::Queue" => {
                let name = named("QueueName")?.unwrap_or(generated);
                Physical { arn: arn("sqs", &name), reference: format!("{aws_url}/{account}/{name}"), name }
            }
            "AWS::Serverless::Function" => {
                let name = named("FunctionName")?.unwrap_or(generated);
                Physical { arn: arn("lambda", &format!("function:{name}")), reference: name.clone(), name }
            }
            "AWS::DynamoDB::Table" => {
                let name = named("TableName")?.unwrap_or(generated);
                Physical { arn: arn("dynamodb", &format!("table/{name}")), reference: name.clone(), name }
            }
            "AWS::S3::Bucket" => {
                let name = named("BucketName")?.unwrap_or_else(|| generated.to_lowercase());
                Physical { arn: format!("arn:aws:s3:::{name}"), reference: name.clone(), name }
            }
            "AWS::Events::EventBus" => {
                let name = named("Name")?.unwrap_or(generated);
                Physical { arn: arn("events", &format!("event-bus/{name}")), reference: name.clone(), name }
            }
            "AWS::SNS::Topic" => {
                let name = named("TopicName")?.unwrap_or(generated);
                Physical { arn: arn("sns", &name), reference: arn("sns", &name), name }
            }
            SOCKETS => {
                // As AWS names APIs: a word that can be part of a domain.
                let api = id.to_lowercase();
                Physical { arn: arn("execute-api", &api), reference: api, name: named("Name")?.unwrap_or(generated) }
            }
            _ => Physical { arn: arn("local", &generated), reference: generated.clone(), name: generated },
        })
    }
}

pub(super) struct Physical {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) reference: String,
}

/// `{"Ref": ..}` and `{"Fn::..": ..}` are the only objects with one such key.
fn function(object: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (name, argument) = object.iter().next()?;
    let is_function = object.len() == 1 && (name == "Ref" || name == "Condition" || name.starts_with("Fn::"));
    is_function.then_some((name.as_str(), argument))
}
