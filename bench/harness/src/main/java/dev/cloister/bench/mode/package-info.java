/// What can be asked of the engines, a class for each question.
@NullMarked
package dev.cloister.bench.mode;

import org.jspecify.annotations.NullMarked;
