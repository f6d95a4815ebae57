/// How the server's own log is written; the only users of Logback.
@NullMarked
package dev.cloister.sandbox.logging;

import org.jspecify.annotations.NullMarked;
