/// The command line: one class per command, results on standard output, everything else on standard
/// error, usage errors end with exit code 2. Commands are created on demand, so that a short run
/// loads nothing of the server.
@NullMarked
package dev.cloister.sandbox.cli;

import org.jspecify.annotations.NullMarked;
