package dev.cloister.sandbox.http;

import io.vertx.core.http.HttpMethod;
import org.jspecify.annotations.Nullable;

/// A row of the table of routes.
///
/// @param method the method, null for every method; GET includes HEAD
/// @param path the path as OpenAPI writes it, `{name}` for a part that varies, `/*` at its end for
///   everything below
/// @param access who may use it
/// @param endpoint what answers
record Route(@Nullable HttpMethod method, String path, Access access, Endpoint endpoint) {}
