package dev.cloister.engine.module;

import dev.cloister.engine.types.ExternType;

/// An import (Spec 2.5.11).
///
/// @param module name of the module to import from
/// @param name name of the item in that module
/// @param type what the item must match
public record Import(String module, String name, ExternType type) {}
