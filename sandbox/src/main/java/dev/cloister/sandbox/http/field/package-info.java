/// Header fields of HTTP, read strictly and written: tags, digests, trace context. No field knows
/// what it is used for.
@NullMarked
package dev.cloister.sandbox.http.field;

import org.jspecify.annotations.NullMarked;
