package dev.cloister.engine.module;

/// A constant expression (Spec 3.4.15) as a range of the module's bytes; it is valid.
///
/// @param offset where its first instruction starts
/// @param end where its final `end` has ended
public record ConstExpr(int offset, int end) {}
