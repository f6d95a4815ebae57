package dev.cloister.isolate.instance;

/// Which stateful instance.
///
/// @param version the version that it is an instance of
/// @param key its name
public record StateKey(VersionKey version, String key) {}
