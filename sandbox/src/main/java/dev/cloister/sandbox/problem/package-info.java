/// What can be wrong with a request: the one list of problem types, and the exception that carries
/// one to the answer.
@NullMarked
package dev.cloister.sandbox.problem;

import org.jspecify.annotations.NullMarked;
