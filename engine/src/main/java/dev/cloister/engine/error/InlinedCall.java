package dev.cloister.engine.error;

import org.jspecify.annotations.Nullable;

/// A function of the source text that was inlined into another one, as debug information tells.
///
/// @param function its name in the source text, if that is known
/// @param call where it is called in the function around it, if that is known
public record InlinedCall(@Nullable String function, @Nullable SourcePosition call) {}
