//! `service.toml`: title, pages, sites, parameters, secrets and simulators of a service. It lies beside the service's
//! template, and docs/local.md documents it. A template without such files runs as well.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::sites::SiteSettings;

const FILE: &str = "service.toml";

/// All service files.
#[derive(Debug, Default)]
pub(crate) struct Services {
    files: Vec<(PathBuf, Service)>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Service {
    title: String,
    /// A short description.
    text: String,
    #[serde(default)]
    pages: Vec<Page>,
    /// Pages on an origin of their own.
    #[serde(default)]
    sites: Vec<SiteSettings>,
    #[serde(default)]
    secrets: Vec<Secret>,
    /// Parameters of the root template on a laptop.
    #[serde(default)]
    parameters: BTreeMap<String, String>,
    #[serde(default)]
    simulators: BTreeMap<String, Simulator>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    /// The home page links the first page of a service, and those with a title.
    pub(crate) path: String,
    #[serde(default)]
    title: Option<String>,
    /// In the folder of built pages.
    pub(crate) file: String,
    /// Whether the page calls the APIs, whose address is in `config.json` below its path.
    #[serde(default)]
    pub(crate) calls_api: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Secret {
    /// The parameter of the root template that holds the secret's name.
    parameter: String,
    /// Its name in SSM.
    name: String,
    /// Its value on a laptop.
    local: String,
    #[expect(dead_code, reason = "for the deploy script and the README")]
    purpose: String,
    /// Whether an operator may leave it out.
    #[serde(default)]
    optional: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Simulator {
    /// Settings of the simulator itself.
    #[serde(default)]
    settings: BTreeMap<String, String>,
    /// Parameters of the root template that point to it.
    #[serde(default)]
    parameters: BTreeMap<String, String>,
}

/// The values of placeholders: `{home}`, `{gateway}`, and `{parameter.NAME}` where a template was read.
#[derive(Debug, Default)]
pub(crate) struct Addresses<'a> {
    pub(crate) home: &'a str,
    pub(crate) gateway: &'a str,
    pub(crate) parameters: BTreeMap<String, String>,
}

/// Settings of simulators, by their names.
pub(crate) type SimulatorSettings = BTreeMap<String, BTreeMap<String, String>>;

impl Services {
    /// Reads the files in `folders`, in this order. Folders without one are skipped.
    pub(crate) fn read(folders: &[PathBuf]) -> Result<Self> {
        let mut files: Vec<(PathBuf, Service)> = Vec::new();
        for folder in folders {
            let path = folder.join(FILE);
            if !path.is_file() || files.iter().any(|(known, _)| *known == path) {
                continue;
            }
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("Failed to read {}", path.display()))?;
            let service = toml::from_str(&text).with_context(|| path.display().to_string())?;
            files.push((path, service));
        }
        let services = Self { files };
        services.check()?;
        Ok(services)
    }

    fn check(&self) -> Result<()> {
        let mut paths = BTreeMap::new();
        for (file, service) in &self.files {
            for page in &service.pages {
                let place = file.display();
                if !page.path.starts_with('/')
                    || page.path.starts_with("/api/")
                    || page.path.starts_with("/assets/")
                {
                    bail!(
                        "{place}: {}: a page's path begins with /, and not with /api/ or /assets/",
                        page.path
                    );
                }
                if page.file.contains(['/', '\\']) || !page.file.ends_with(".html") {
                    bail!(
                        "{place}: {}: a page is an .html file in the folder of pages",
                        page.file
                    );
                }
                if let Some(other) = paths.insert(&page.path, file) {
                    bail!(
                        "{place}: {} is a page of {} too",
                        page.path,
                        other.display()
                    );
                }
            }
        }
        self.check_sites()?;
        self.root_parameters(&Addresses::default()).map(drop)
    }

    fn check_sites(&self) -> Result<()> {
        let mut names = BTreeMap::new();
        for (file, service) in &self.files {
            for site in &service.sites {
                let place = file.display();
                site.check().with_context(|| place.to_string())?;
                if let Some(other) = names.insert(&site.name, file) {
                    bail!(
                        "{place}: {} is a site of {} too",
                        site.name,
                        other.display()
                    );
                }
            }
        }
        self.sites(&Addresses::default()).map(drop)
    }

    /// Returns values of the root template's parameters. Two files may not give one parameter different values.
    pub(crate) fn root_parameters(
        &self,
        addresses: &Addresses,
    ) -> Result<BTreeMap<String, String>> {
        let mut values: BTreeMap<&String, (&String, &Path)> = BTreeMap::new();
        for (file, service) in &self.files {
            let of_simulators = service
                .simulators
                .values()
                .flat_map(|simulator| &simulator.parameters);
            // Optional secrets exist on a laptop, so their names are given; others have defaults.
            let optional = service.secrets.iter().filter(|secret| secret.optional);
            let optional = optional.map(|secret| (&secret.parameter, &secret.name));
            for (name, value) in service
                .parameters
                .iter()
                .chain(of_simulators)
                .chain(optional)
            {
                if let Some((other, other_file)) = values.insert(name, (value, file))
                    && other != value
                {
                    bail!(
                        "{}: {name} has another value in {}",
                        file.display(),
                        other_file.display()
                    );
                }
            }
        }
        let filled = values.into_iter().map(|(name, (value, file))| {
            let value = self
                .fill(value, addresses)
                .with_context(|| file.display().to_string())?;
            Ok((name.clone(), value))
        });
        filled.collect()
    }

    /// Returns the secrets for the parameter store, by name.
    pub(crate) fn secrets(&self) -> BTreeMap<String, String> {
        self.all_secrets()
            .map(|secret| (secret.name.clone(), secret.local.clone()))
            .collect()
    }

    fn all_secrets(&self) -> impl Iterator<Item = &Secret> {
        self.files.iter().flat_map(|(_, service)| &service.secrets)
    }

    pub(crate) fn simulators(&self, addresses: &Addresses) -> Result<SimulatorSettings> {
        let mut simulators = SimulatorSettings::new();
        for (file, service) in &self.files {
            for (name, simulator) in &service.simulators {
                let settings = simulators.entry(name.clone()).or_default();
                for (setting, value) in &simulator.settings {
                    let value = self
                        .fill(value, addresses)
                        .with_context(|| file.display().to_string())?;
                    settings.insert(setting.clone(), value);
                }
            }
        }
        Ok(simulators)
    }

    pub(crate) fn pages(&self) -> Vec<Page> {
        self.files
            .iter()
            .flat_map(|(_, service)| &service.pages)
            .cloned()
            .collect()
    }

    /// Returns the sites, with their policies filled in.
    pub(crate) fn sites(&self, addresses: &Addresses) -> Result<Vec<SiteSettings>> {
        let mut sites = Vec::new();
        for (file, service) in &self.files {
            for site in &service.sites {
                let policy = self
                    .fill(&site.policy, addresses)
                    .with_context(|| file.display().to_string())?;
                sites.push(SiteSettings {
                    policy,
                    ..site.clone()
                });
            }
        }
        Ok(sites)
    }

    /// Returns the services with a page or a site, for the home page. `sites` has the addresses of sites by their names.
    pub(crate) fn products(&self, sites: &BTreeMap<String, String>) -> Vec<serde_json::Value> {
        let products = self.files.iter().filter_map(|(file, service)| {
            let name = file.parent()?.file_name()?.to_string_lossy();
            let pages = service.pages.iter();
            let pages = pages.map(|page| (page.title.as_ref(), &page.path));
            let own_sites = service.sites.iter();
            let own_sites =
                own_sites.filter_map(|site| Some((Some(&site.title), sites.get(&site.name)?)));
            let mut links = pages.chain(own_sites);
            let (_, href) = links.next()?;
            let others = links.filter_map(|(title, href)| {
                let title = title?;
                Some(serde_json::json!({ "title": title, "href": href }))
            });
            let others: Vec<_> = others.collect();
            Some(serde_json::json!({ "name": name, "title": service.title, "text": service.text, "href": href,
                "pages": others }))
        });
        products.collect()
    }

    fn fill(&self, value: &str, addresses: &Addresses) -> Result<String> {
        let mut filled = String::new();
        let mut rest = value;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after
                .split_once('}')
                .with_context(|| format!("an unclosed {{ in {value}"))?;
            filled.push_str(before);
            filled.push_str(&match name.split_once('.') {
                None if name == "home" => addresses.home.to_owned(),
                None if name == "gateway" => addresses.gateway.to_owned(),
                Some(("parameter", name)) => {
                    addresses.parameters.get(name).cloned().unwrap_or_default()
                }
                Some(("secret", name)) => {
                    let secret = self.all_secrets().find(|secret| secret.parameter == name);
                    secret
                        .with_context(|| format!("no service has the secret {name}"))?
                        .local
                        .clone()
                }
                _ => bail!("{{{name}}} is not home, gateway, secret.NAME or parameter.NAME"),
            });
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }
}

/// Returns the folders of service files: that of the root template, `functions/*/`, and those of nested templates.
pub(crate) fn folders(template: &Path) -> Result<Vec<PathBuf>> {
    let template = &confab_emulator::template::normalized(template);
    let root = template.parent().unwrap_or(Path::new("")).to_owned();
    let mut folders = vec![root.clone()];
    let services = std::fs::read_dir(root.join("functions"))
        .into_iter()
        .flatten()
        .flatten();
    let mut services: Vec<_> = services
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    services.sort();
    folders.extend(services);
    let nested = confab_emulator::template::nested_files(template)?;
    folders.extend(
        nested
            .iter()
            .filter_map(|file| file.parent().map(Path::to_owned)),
    );
    Ok(folders)
}

#[cfg(test)]
mod tests {
    use confab_emulator::template::{Places, Template};

    use super::*;

    fn services(files: &[(&str, &str)]) -> Result<(tempfile::TempDir, Services)> {
        let folder = tempfile::tempdir()?;
        let mut folders = Vec::new();
        for (name, text) in files {
            folders.push(folder.path().join(name));
            std::fs::create_dir_all(folder.path().join(name))?;
            std::fs::write(folder.path().join(name).join(FILE), text)?;
        }
        let services = Services::read(&folders)?;
        Ok((folder, services))
    }

    const SHOP: &str = r#"
        title = "Shop"
        text = "Sells things"
        pages = [
            { path = "/shop", file = "shop.html" },
            { path = "/shop/{item}", file = "item.html" },
            { path = "/stock", file = "stock.html", title = "Stock" },
        ]
        parameters = { Base = "{gateway}" }
        [[sites]]
        name = "fair"
        title = "Fair"
        folder = "fair-demo"
        policy = "script-src {gateway}"
        [[secrets]]
        parameter = "KeyParam"
        name = "/shop/key"
        local = "local-key"
        purpose = "Opens the shop"
        optional = true
        [simulators.bank]
        settings = { key = "{secret.KeyParam}", webhook = "{gateway}/paid", prices = "{parameter.Prices}" }
        parameters = { BankUrl = "{home}/bank" }
    "#;

    #[test]
    fn service_file_gives_parameters_secrets_simulators_and_a_product() {
        let (_folder, services) = services(&[("shop", SHOP)]).unwrap();
        let parameters = [("Prices".to_owned(), "1 USD".to_owned())].into();
        let addresses = Addresses {
            home: "http://home",
            gateway: "http://gateway",
            parameters,
        };
        let pairs = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect()
        };
        let given = services.root_parameters(&addresses).unwrap();
        let expected = [
            ("BankUrl", "http://home/bank"),
            ("Base", "http://gateway"),
            ("KeyParam", "/shop/key"),
        ];
        assert_eq!(given, pairs(&expected));
        assert_eq!(services.secrets(), pairs(&[("/shop/key", "local-key")]));
        let bank = &services.simulators(&addresses).unwrap()["bank"];
        let expected = [
            ("key", "local-key"),
            ("prices", "1 USD"),
            ("webhook", "http://gateway/paid"),
        ];
        assert_eq!(*bank, pairs(&expected));
        let sites = services.sites(&addresses).unwrap();
        assert_eq!(sites[0].policy, "script-src http://gateway");
        let product = &services.products(&pairs(&[("fair", "http://fair")]))[0];
        assert_eq!(product["href"], "/shop");
        let links = serde_json::json!([
            { "title": "Stock", "href": "/stock" },
            { "title": "Fair", "href": "http://fair" },
        ]);
        assert_eq!(product["pages"], links);
    }

    #[test]
    fn invalid_service_files_are_refused_with_their_path() {
        let other = SHOP
            .replace("\"{gateway}\"", "\"{home}\"")
            .replace("path = \"/shop", "path = \"/other")
            .replace("/stock", "/others")
            .replace("\"fair\"", "\"market\"");
        let same_site = other.replace("\"market\"", "\"fair\"");
        let cases = [
            (vec![("shop", SHOP.replace("title", "titel"))], "titel"),
            (
                vec![("shop", SHOP.replace("{secret.KeyParam}", "{secret.Other}"))],
                "",
            ),
            (
                vec![("shop", SHOP.replace("\"{gateway}\"", "\"{gatway}\""))],
                "{gatway} is not home, gateway",
            ),
            (
                vec![("shop", SHOP.replace("\"/shop\"", "\"shop\""))],
                "a page's path begins with /",
            ),
            (
                vec![("shop", SHOP.replace("shop.html", "../shop.html"))],
                "a page is an .html file",
            ),
            (
                vec![("shop", SHOP.to_owned()), ("twin", SHOP.to_owned())],
                "/shop is a page of",
            ),
            (
                vec![("shop", SHOP.replace("\"fair\"", "\"home\""))],
                "a site's name has lower-case letters",
            ),
            (
                vec![("shop", SHOP.replace("src {gateway}", "src {gatway}"))],
                "{gatway} is not home, gateway",
            ),
            (
                vec![("shop", SHOP.to_owned()), ("twin", same_site)],
                "fair is a site of",
            ),
            (
                vec![("shop", SHOP.to_owned()), ("twin", other)],
                "Base has another value in",
            ),
        ];
        for (files, expected) in cases {
            let files: Vec<_> = files
                .iter()
                .map(|(name, text)| (*name, text.as_str()))
                .collect();
            let read = services(&files).and_then(|(folder, services)| {
                let simulators = services.simulators(&Addresses::default());
                drop(folder);
                simulators
            });
            let message = format!("{:#}", read.unwrap_err());
            assert!(
                message.contains(FILE) && message.contains(expected),
                "{message}\nshould say: {expected}"
            );
        }
    }

    #[test]
    fn folders_without_a_service_file_are_skipped() {
        let folder = tempfile::tempdir().unwrap();
        let services = Services::read(&[folder.path().to_owned()]).unwrap();
        assert!(services.products(&BTreeMap::new()).is_empty() && services.secrets().is_empty());
    }

    #[test]
    fn service_beside_a_nested_template_is_read_once_by_any_path() {
        let folder = tempfile::tempdir().unwrap();
        let shop = folder.path().join("functions/shop");
        std::fs::create_dir_all(&shop).unwrap();
        std::fs::create_dir_all(folder.path().join("tests")).unwrap();
        let nested = "Resources: {Shop: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: functions/shop/template.yaml}}}";
        std::fs::write(folder.path().join("template.yaml"), nested).unwrap();
        std::fs::write(shop.join("template.yaml"), "Resources: {}").unwrap();
        std::fs::write(shop.join(FILE), SHOP).unwrap();
        let folders = folders(&folder.path().join("tests/../template.yaml")).unwrap();
        let products = Services::read(&folders).unwrap().products(&BTreeMap::new());
        assert_eq!(products.len(), 1);
    }

    #[test]
    fn project_template_is_read_with_all_functions() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml");
        let template = Template::load(&path, &Places::default()).unwrap();
        assert!(
            template
                .functions
                .iter()
                .any(|function| function.name == "sms-received")
        );
        for function in &template.functions {
            assert!(
                function.code.starts_with("target/lambda/"),
                "{}",
                function.code
            );
        }
    }

    #[test]
    fn project_service_files_name_parameters_of_its_template() {
        let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml");
        let services = Services::read(&folders(&template).unwrap()).unwrap();
        let text = std::fs::read_to_string(template).unwrap();
        let template: serde_norway::Value = serde_norway::from_str(&text).unwrap();
        let secrets = services
            .all_secrets()
            .map(|secret| (&secret.parameter, &secret.name));
        let mut count = 0;
        for (parameter, name) in secrets {
            let default = &template["Parameters"][parameter.as_str()]["Default"];
            assert!(
                default == name.as_str() || default == "",
                "{parameter}: {default:?} is not {name}"
            );
            count += 1;
        }
        for name in services
            .root_parameters(&Addresses::default())
            .unwrap()
            .keys()
        {
            assert!(template["Parameters"].get(name).is_some(), "{name}");
        }
        assert!(count > 10, "the files of the services are found");
    }
}
