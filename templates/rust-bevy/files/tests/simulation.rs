use std::time::Duration;

use bevy::prelude::*;
use bevy::time::TimeUpdateStrategy;

use {{polyenv.name_ident}}::Position;
use {{polyenv.name_ident}}::SimulationPlugin;

#[test]
fn moves_with_its_velocity() {
    let mut app = App::new();
    app.add_plugins((MinimalPlugins, SimulationPlugin))
        .insert_resource(Time::<Fixed>::from_hz(10.0))
        .insert_resource(TimeUpdateStrategy::ManualDuration(Duration::from_millis(
            100,
        )));
    // The first update only starts the clock.
    for _ in 0..11 {
        app.update();
    }
    let mut positions = app.world_mut().query::<&Position>();
    let position = positions.single(app.world()).expect("one moving thing");
    assert!(
        (position.0 - Vec2::new(1.0, 0.5)).length() < 0.01,
        "{position:?}"
    );
}
