package dev.cloister.sandbox.registry;

import dev.cloister.sandbox.auth.Principal;
import org.jspecify.annotations.Nullable;

/// Who changes something, for the audit log.
///
/// @param principal the holder of the key
/// @param remote the network address the request came from
public record Author(Principal principal, @Nullable String remote) {}
