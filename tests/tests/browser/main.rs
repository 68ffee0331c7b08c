//! The console in a real browser, Chromium, driven over WebDriver against the local product.
//!
//! Where there is no Chromium the tests are ignored. `DEALBRIDGE_SCREENSHOTS=DIR` has pictures of every screen written
//! to a folder.

mod axe;
mod browser;
mod hostile;
mod links;
mod problems;
mod screens;
mod settings;
mod sign_in;
mod sync_manager;
mod tools;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial, run};
use thirtyfour::error::WebDriverError;
use tools::Tools;

/// A test's result: what the browser could not do, or what it showed and should not.
type Outcome = Result<(), WebDriverError>;

/// Makes a trial of an async function that takes the tools.
macro_rules! trials {
    ($tools:ident: $($module:ident { $($name:ident),+ $(,)? })+) => {
        vec![$($({
            let tools = $tools.clone();
            let name = concat!(stringify!($module), "::", stringify!($name));
            Trial::test(name, move || tried($module::$name, tools)).with_ignored_flag($tools.is_none())
        }),+),+]
    };
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let tools = Tools::find();
    if tools.is_none() && !arguments.list {
        eprintln!("{}", tools::HOW_TO_INSTALL);
    }
    let trials = trials! { tools:
        sign_in {
            one_click_signs_in_and_one_signs_out,
            who_is_no_administrator_sees_neither_the_menu_nor_the_page,
        }
        sync_manager {
            a_full_sync_is_watched_to_its_end,
        }
        problems {
            a_problem_is_mended_checked_again_and_gone_with_the_next_run,
        }
        links {
            a_lead_is_linked_after_a_stale_preview_and_unlinked,
            what_cannot_be_linked_is_told_beside_the_address,
            the_keyboard_alone_links_and_unlinks,
        }
        settings {
            a_mapping_row_is_tried_and_saved,
        }
        hostile {
            hostile_names_are_inert_on_every_screen,
        }
        screens {
            nothing_is_found_by_axe_in_either_theme,
            nothing_is_wider_than_a_telephone,
        }
    };
    run(&arguments, trials).exit_code()
}

/// Runs a test on a runtime of its own.
fn tried<F>(test: F, tools: Option<Tools>) -> Result<(), Failed>
where
    F: AsyncFn(Tools) -> Outcome,
{
    let Some(tools) = tools else {
        return Err(tools::HOW_TO_INSTALL.into());
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    runtime
        .block_on(test(tools))
        .map_err(|error| error.to_string().into())
}
