package dev.cloister.sandbox.auth;

import java.time.Instant;

/// A signed-in browser.
///
/// @param principal who signed in
/// @param expiresAt when the session ends
public record Session(Principal principal, Instant expiresAt) {}
