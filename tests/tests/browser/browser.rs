//! A browser on the console, and what holds of every page that it shows.

use std::{
    io::{BufRead, BufReader, Lines},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use dealbridge_tests::site::Site;
use serde_json::{Value, json};
use thirtyfour::{ChromiumLikeCapabilities, prelude::*};

use crate::tools::Tools;

/// The width of a desktop's window.
pub(crate) const DESKTOP: u32 = 1_440;
/// The width of a telephone's.
pub(crate) const TELEPHONE: u32 = 360;

/// The time after which something that should show counts as missing.
const PATIENCE: Duration = Duration::from_secs(30);
/// The time between two looks.
const INTERVAL: Duration = Duration::from_millis(100);

/// The colours that the person prefers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Theme {
    Light,
    Dark,
}

/// The driver's process, which ends with the test.
struct Driver {
    process: Child,
    /// Its output, which must stay open for as long as it writes.
    _out: Lines<BufReader<ChildStdout>>,
    address: String,
}

impl Driver {
    fn start(tools: &Tools) -> Self {
        let mut process = Command::new(&tools.driver)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the driver can be started");
        let out = process.stdout.take().expect("its output is a pipe");
        let mut out = BufReader::new(out).lines();
        let port = out.by_ref().map_while(Result::ok).find_map(|line| {
            let port = line.split("successfully on port ").nth(1)?;
            Some(port.trim_end_matches('.').to_owned())
        });
        let port = port.expect("the driver names its port");
        Self {
            process,
            _out: out,
            address: format!("http://127.0.0.1:{port}"),
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A browser on the console of a running product.
pub(crate) struct Browser {
    pub(crate) page: WebDriver,
    pub(crate) site: Site,
    axe: String,
    driver: Driver,
}

impl Browser {
    /// Opens a window on the product.
    pub(crate) async fn open(tools: &Tools, site: Site) -> WebDriverResult<Self> {
        let driver = Driver::start(tools);
        let mut capabilities = DesiredCapabilities::chrome();
        capabilities.set_binary(&tools.chromium.to_string_lossy())?;
        for argument in [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--lang=en",
        ] {
            capabilities.add_arg(argument)?;
        }
        capabilities.set("goog:loggingPrefs", json!({ "browser": "ALL" }))?;
        let page = WebDriver::new(&driver.address, capabilities).await?;
        let browser = Self {
            page,
            site,
            axe: tools.axe.clone(),
            driver,
        };
        browser.window(DESKTOP, Theme::Light).await?;
        Ok(browser)
    }

    /// Gives the window a width and colours.
    pub(crate) async fn window(&self, width: u32, theme: Theme) -> WebDriverResult<()> {
        let size =
            json!({ "width": width, "height": 1_000, "deviceScaleFactor": 1, "mobile": false });
        let theme = match theme {
            Theme::Light => "light",
            Theme::Dark => "dark",
        };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": theme }] });
        self.cdp("Emulation.setDeviceMetricsOverride", size).await?;
        self.cdp("Emulation.setEmulatedMedia", media).await
    }

    async fn cdp(&self, command: &str, parameters: Value) -> WebDriverResult<()> {
        self.page.cdp().send_raw(command, parameters).await?;
        Ok(())
    }

    /// Signs in by one click on the sign-in page.
    pub(crate) async fn sign_in(&self, user: &str) -> WebDriverResult<()> {
        self.goto("/console/sign-in").await?;
        self.click(&format!("//button[@value='{user}']")).await?;
        // The way back leads over several addresses: what is opened next must not be overtaken by it.
        self.find("//form[@action='/console/sign-out']")
            .await
            .map(|_| ())
    }

    /// Opens a page of the console.
    pub(crate) async fn goto(&self, path: &str) -> WebDriverResult<()> {
        self.page.goto(format!("{}{path}", self.site.address)).await
    }

    /// The element of an XPath, once it is there.
    pub(crate) async fn find(&self, xpath: &str) -> WebDriverResult<WebElement> {
        let found = self
            .page
            .query(By::XPath(xpath))
            .wait(PATIENCE, INTERVAL)
            .first()
            .await;
        if found.is_err() {
            let here = self.page.current_url().await?;
            let text = self.page.find(By::Tag("body")).await?.text().await?;
            eprintln!("{xpath} is not on {here}, which shows:\n{text}");
        }
        found
    }

    /// Clicks the element of an XPath.
    pub(crate) async fn click(&self, xpath: &str) -> WebDriverResult<()> {
        self.find(xpath).await?.click().await
    }

    /// Clicks the button with that text.
    pub(crate) async fn press(&self, text: &str) -> WebDriverResult<()> {
        self.click(&format!(
            "//*[self::button or self::summary or self::a][normalize-space()='{text}']"
        ))
        .await
    }

    /// Clicks the first link or button whose text begins with that one; what it is about may follow, for screen readers.
    pub(crate) async fn press_first(&self, text: &str) -> WebDriverResult<()> {
        self.click(&format!(
            "(//*[self::button or self::a][starts-with(normalize-space(), '{text}')])[1]"
        ))
        .await
    }

    /// Types into the field with that id, in place of what is there.
    pub(crate) async fn fill(&self, id: &str, text: &str) -> WebDriverResult<()> {
        let field = self.find(&format!("//*[@id='{id}']")).await?;
        field.clear().await?;
        field.send_keys(text).await
    }

    /// Waits until the page shows a text.
    pub(crate) async fn sees(&self, text: &str) -> WebDriverResult<()> {
        let xpath = format!("//main//*[contains(normalize-space(), \"{text}\")]");
        self.find(&xpath).await.map(|_| ())
    }

    /// Returns whether the page shows a text at this moment.
    pub(crate) async fn shows(&self, text: &str) -> WebDriverResult<bool> {
        let body = self.page.find(By::Tag("body")).await?;
        Ok(body.text().await?.contains(text))
    }

    /// Asserts what holds of every page: no error in the browser's console, which tells violations of the policy too,
    /// and nothing from another host.
    pub(crate) async fn is_clean(&self) -> WebDriverResult<()> {
        let here = self.page.current_url().await?;
        let url = format!(
            "{}/session/{}/se/log",
            self.driver.address,
            self.page.handle().session_id()
        );
        let answer = self
            .site
            .http
            .post(url)
            .header("content-type", "application/json")
            .body(json!({ "type": "browser" }).to_string())
            .send()
            .await;
        let log = answer.expect("the driver answers").text().await;
        let log: Value = serde_json::from_str(&log.unwrap_or_default()).unwrap_or_default();
        let entries = log["value"].as_array().cloned().unwrap_or_default();
        // A status of 400 and above of the page itself is what a test may be about.
        let is_status = |entry: &&Value| {
            let message = entry["message"].as_str().unwrap_or_default();
            message.contains("the server responded with a status of")
        };
        let errors: Vec<&Value> = entries.iter().filter(|entry| !is_status(entry)).collect();
        assert!(errors.is_empty(), "{here}: {errors:?}");
        let script = "return performance.getEntriesByType('resource').map((entry) => entry.name)";
        let asked = self.page.execute(script, Vec::new()).await?;
        let asked: Vec<String> = asked.convert()?;
        let elsewhere = asked
            .iter()
            .filter(|url| !url.starts_with(&self.site.address));
        assert_eq!(elsewhere.count(), 0, "{here}: {asked:?}");
        Ok(())
    }

    /// The findings of axe on the page.
    pub(crate) async fn axe(&self) -> WebDriverResult<Vec<String>> {
        crate::axe::findings(&self.page, &self.axe).await
    }

    /// Writes a picture of the whole page, if they are wanted.
    pub(crate) async fn picture(&self, name: &str) -> WebDriverResult<()> {
        #[expect(
            clippy::disallowed_methods,
            reason = "a choice of the person who runs the test, not of the product"
        )]
        let Ok(folder) = std::env::var("DEALBRIDGE_SCREENSHOTS") else {
            return Ok(());
        };
        let folder = Path::new(&folder);
        std::fs::create_dir_all(folder).expect("the folder of pictures can be made");
        self.page
            .screenshot(&folder.join(format!("{name}.png")))
            .await
    }
}
