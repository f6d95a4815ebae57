package dev.cloister.isolate.instance;

import org.jspecify.annotations.Nullable;

/// The image that instances of a version are to begin with, at one moment.
///
/// @param state whether they do
/// @param reason why there is none, in words; null if there is, or nobody tried
/// @param bytes what it is charged, 0 if there is none
public record StartInfo(StartState state, @Nullable String reason, long bytes) {}
