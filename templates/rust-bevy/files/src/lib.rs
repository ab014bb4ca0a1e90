//! The simulation as a plugin, so that tests step the very world that `main` runs.

use bevy::prelude::*;

#[derive(Component, Debug, Clone, Copy, PartialEq)]
pub struct Position(pub Vec2);

#[derive(Component, Debug, Clone, Copy, PartialEq)]
pub struct Velocity(pub Vec2);

pub struct SimulationPlugin;

impl Plugin for SimulationPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(Startup, spawn)
            .add_systems(FixedUpdate, advance);
    }
}

fn spawn(mut commands: Commands) {
    commands.spawn((Position(Vec2::ZERO), Velocity(Vec2::new(1.0, 0.5))));
}

fn advance(time: Res<Time>, mut moving: Query<(&mut Position, &Velocity)>) {
    for (mut position, velocity) in &mut moving {
        position.0 += velocity.0 * time.delta_secs();
    }
}
