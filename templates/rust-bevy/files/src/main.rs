use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use bevy::prelude::*;

use {{polyenv.name_ident}}::SimulationPlugin;

static STOP: AtomicBool = AtomicBool::new(false);

fn main() -> ExitCode {
    // SIGTERM and SIGINT end the frame under way, then the app.
    if let Err(error) = ctrlc::set_handler(|| STOP.store(true, Ordering::Relaxed)) {
        eprintln!("signals cannot be handled: {error}");
        return ExitCode::FAILURE;
    }
    let mut app = App::new();
    add_surroundings(&mut app);
    app.add_plugins(SimulationPlugin).add_systems(Last, stop);
    match app.run() {
        AppExit::Success => ExitCode::SUCCESS,
        AppExit::Error(code) => ExitCode::from(code.get()),
    }
}

/// Without a window: sixty frames a second, and logs to stderr (`RUST_LOG` is the filter).
#[cfg(not(feature = "window"))]
fn add_surroundings(app: &mut App) {
    use bevy::app::ScheduleRunnerPlugin;
    use bevy::log::LogPlugin;
    use std::time::Duration;

    let frame = ScheduleRunnerPlugin::run_loop(Duration::from_secs(1) / 60);
    app.add_plugins((MinimalPlugins.set(frame), LogPlugin::default()));
}

#[cfg(feature = "window")]
fn add_surroundings(app: &mut App) {
    app.add_plugins(DefaultPlugins);
}

fn stop(mut exit: MessageWriter<AppExit>) {
    if STOP.load(Ordering::Relaxed) {
        info!("stopping");
        exit.write(AppExit::Success);
    }
}
