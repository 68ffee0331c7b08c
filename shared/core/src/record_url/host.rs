//! The host families of Salesforce, and the org that a host belongs to.

/// The class of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Host {
    /// A host of one org.
    Org(OrgHost),
    /// An instance that many orgs share, e.g. `na139.salesforce.com`.
    Instance,
    /// A host of Salesforce's that belongs to no org: help, login and the like.
    NoOrg,
    /// A host that is not one of Salesforce's.
    Foreign,
}

/// The org that a host names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OrgHost {
    /// The My Domain name in lower case, with `--<sandbox>` where it has one.
    pub(super) name: String,
    /// The other reading of the name, on sites from before enhanced domains: `uat-acme` is the sandbox `acme--uat`.
    pub(super) alias: Option<String>,
    /// The partition between name and suffix, if there is one.
    pub(super) partition: Option<Partition>,
    /// The cloud of the suffix.
    pub(super) cloud: Cloud,
}

/// Salesforce's separate clouds, each with its own suffixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cloud {
    /// `.my.salesforce.com`.
    Commercial,
    /// `.my.salesforce.mil`.
    Defense,
    /// `.my.sfcrmproducts.cn`.
    China,
}

impl Cloud {
    /// Returns the suffix of the hosts that show Lightning pages.
    pub(super) fn lightning_suffix(self) -> &'static str {
        match self {
            Self::Commercial => "lightning.force.com",
            Self::Defense => "lightning.crmforce.mil",
            Self::China => "lightning.sfcrmapps.cn",
        }
    }
}

/// The kinds of org that have their own label in the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Partition {
    /// Sandboxes.
    Sandbox,
    /// Developer Edition.
    Develop,
    /// Scratch orgs.
    Scratch,
    /// Demo orgs.
    Demo,
    /// Patch orgs of package developers.
    Patch,
    /// Trailhead Playgrounds.
    Trailblaze,
    /// Free orgs.
    Free,
}

impl Partition {
    /// Returns the host label.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Develop => "develop",
            Self::Scratch => "scratch",
            Self::Demo => "demo",
            Self::Patch => "patch",
            Self::Trailblaze => "trailblaze",
            Self::Free => "free",
        }
    }

    pub(super) fn from_label(label: &str) -> Option<Self> {
        [
            Self::Sandbox,
            Self::Develop,
            Self::Scratch,
            Self::Demo,
            Self::Patch,
            Self::Trailblaze,
            Self::Free,
        ]
        .into_iter()
        .find(|partition| partition.label() == label)
    }
}

/// The reading of the labels before a suffix.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    /// `<name>`, and nothing else in that place.
    Named,
    /// `<name>`, or `<name>--<package>`, or only an instance.
    Shared,
    /// `<name>--<package>`, or only an instance.
    Packaged,
    /// `<name>` of the org or of one of its sites.
    Site,
    /// Salesforce's own pages and the instances.
    Corporate,
}

/// The longest suffix that fits decides, so the order does not matter.
const SUFFIXES: &[(&str, Cloud, Family)] = &[
    ("my.salesforce.com", Cloud::Commercial, Family::Named),
    ("my.salesforce-setup.com", Cloud::Commercial, Family::Named),
    ("my.salesforce-scrt.com", Cloud::Commercial, Family::Named),
    ("cloudforce.com", Cloud::Commercial, Family::Named),
    ("lightning.force.com", Cloud::Commercial, Family::Shared),
    ("file.force.com", Cloud::Commercial, Family::Shared),
    ("vf.force.com", Cloud::Commercial, Family::Packaged),
    ("visual.force.com", Cloud::Commercial, Family::Packaged),
    ("visualforce.com", Cloud::Commercial, Family::Packaged),
    ("content.force.com", Cloud::Commercial, Family::Packaged),
    ("container.force.com", Cloud::Commercial, Family::Packaged),
    ("documentforce.com", Cloud::Commercial, Family::Packaged),
    ("my.site.com", Cloud::Commercial, Family::Site),
    ("my.salesforce-sites.com", Cloud::Commercial, Family::Site),
    ("secure.force.com", Cloud::Commercial, Family::Site),
    ("force.com", Cloud::Commercial, Family::Site),
    (
        "builder.salesforce-experience.com",
        Cloud::Commercial,
        Family::Named,
    ),
    (
        "preview.salesforce-experience.com",
        Cloud::Commercial,
        Family::Named,
    ),
    (
        "live-preview.salesforce-experience.com",
        Cloud::Commercial,
        Family::Named,
    ),
    ("salesforce.com", Cloud::Commercial, Family::Corporate),
    ("my.salesforce.mil", Cloud::Defense, Family::Named),
    ("my.salesforce-setup.mil", Cloud::Defense, Family::Named),
    ("lightning.crmforce.mil", Cloud::Defense, Family::Shared),
    ("file.crmforce.mil", Cloud::Defense, Family::Shared),
    ("vf.crmforce.mil", Cloud::Defense, Family::Packaged),
    ("my.crmforce-sites.mil", Cloud::Defense, Family::Site),
    ("my.site.mil", Cloud::Defense, Family::Site),
    ("salesforce.mil", Cloud::Defense, Family::Corporate),
    ("crmforce.mil", Cloud::Defense, Family::Corporate),
    ("my.sfcrmproducts.cn", Cloud::China, Family::Named),
    ("lightning.sfcrmapps.cn", Cloud::China, Family::Shared),
    ("file.sfcrmapps.cn", Cloud::China, Family::Shared),
    ("vf.sfcrmapps.cn", Cloud::China, Family::Packaged),
    ("my.sfcrmsites.cn", Cloud::China, Family::Site),
    ("sfcrmproducts.cn", Cloud::China, Family::Corporate),
    ("sfcrmapps.cn", Cloud::China, Family::Corporate),
];

/// Letters of instance names: a My Domain like `acme1` must not be taken for one.
const INSTANCE_LETTERS: &[&str] = &[
    "na", "eu", "ap", "cs", "um", "gs", "usa", "can", "bra", "mex", "gbr", "deu", "fra", "ita",
    "esp", "swe", "che", "irl", "pol", "isr", "are", "zaf", "ind", "jpn", "kor", "sgp", "idn",
    "aus", "tha", "mys",
];

/// Salesforce's own pages at `<word>.force.com`, where old sites of orgs are too.
const CORPORATE_WORDS: &[&str] = &[
    "www",
    "login",
    "test",
    "help",
    "developer",
    "appexchange",
    "success",
    "trailhead",
    "sites",
];

/// Classifies a host. Upper case, a trailing dot and the suffix of Microsoft's session proxy do not matter.
pub(super) fn classify(host: &str) -> Host {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let host = without_proxy(&host);
    let fitting = SUFFIXES
        .iter()
        .filter_map(|(suffix, cloud, family)| {
            let before = host.strip_suffix(suffix)?;
            (before.is_empty() || before.ends_with('.'))
                .then(|| (suffix.len(), before.trim_end_matches('.'), *cloud, *family))
        })
        .max_by_key(|(length, ..)| *length);
    match fitting {
        Some((_, before, cloud, family)) => read(before, cloud, family),
        None => Host::Foreign,
    }
}

/// Removes the session proxy of Defender for Cloud Apps: `<host>.mcas.ms`, `<host>.us3.mcas.ms`, `<host>.mcas-gov.us`.
fn without_proxy(host: &str) -> &str {
    let Some(rest) = host
        .strip_suffix(".mcas.ms")
        .or_else(|| host.strip_suffix(".mcas-gov.us"))
    else {
        return host;
    };
    match rest.rsplit_once('.') {
        Some((before, region))
            if region.len() <= 4
                && !matches!(region, "com" | "mil" | "cn")
                && region.starts_with(|c: char| c.is_ascii_lowercase()) =>
        {
            before
        }
        _ => rest,
    }
}

fn read(before: &str, cloud: Cloud, family: Family) -> Host {
    let labels: Vec<&str> = before
        .split('.')
        .filter(|label| !label.is_empty())
        .collect();
    let org = |name: &str, partition| {
        let alias = (family == Family::Site)
            .then(|| name.split_once('-'))
            .flatten()
            .map(|(sandbox, name)| format!("{name}--{sandbox}"));
        Host::Org(OrgHost {
            name: named(name, family).to_owned(),
            alias,
            partition,
            cloud,
        })
    };
    match labels.as_slice() {
        [] => Host::NoOrg,
        _ if family == Family::Corporate => {
            let shared = |label: &&str| is_instance(label.strip_suffix("-api").unwrap_or(label));
            if labels.iter().any(shared) {
                Host::Instance
            } else {
                Host::NoOrg
            }
        }
        [word] if family == Family::Site && CORPORATE_WORDS.contains(word) => Host::NoOrg,
        [instance]
            if matches!(family, Family::Shared | Family::Packaged) && is_instance(instance) =>
        {
            Host::Instance
        }
        // `c.na139.visual.force.com`: a package of an org without a My Domain.
        [package, instance]
            if family == Family::Packaged && is_instance(instance) && !package.contains("--") =>
        {
            Host::Instance
        }
        [name] => org(name, None),
        [name, label] | [name, label, _] if is_instance(label) => org(name, None),
        [name, label] => match Partition::from_label(label) {
            Some(partition) => org(name, Some(partition)),
            None => org(before, None),
        },
        _ => org(before, None),
    }
}

/// Returns the org's name without the package behind it: `acme--uat--c` is `acme--uat`.
fn named(name: &str, family: Family) -> &str {
    match family {
        Family::Packaged => name.rsplit_once("--").map_or(name, |(name, _)| name),
        Family::Shared => name.strip_suffix("--c").unwrap_or(name),
        _ => name,
    }
}

fn is_instance(label: &str) -> bool {
    let letters = label.trim_end_matches(|c: char| c.is_ascii_digit());
    // Sandbox instances of recent infrastructure end in a letter: `usa2s`.
    let (letters, numbered) = match label.strip_suffix('s') {
        Some(rest) if letters.len() == label.len() => {
            let letters = rest.trim_end_matches(|c: char| c.is_ascii_digit());
            (letters, letters.len() < rest.len())
        }
        _ => (letters, letters.len() < label.len()),
    };
    numbered && label.len() <= letters.len() + 5 && INSTANCE_LETTERS.contains(&letters)
}
