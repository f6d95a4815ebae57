package dev.cloister.engine.module;

/// An export (Spec 2.5.10).
///
/// @param index index of the item in the index space of its kind
public record Export(String name, ExternKind kind, int index) {}
