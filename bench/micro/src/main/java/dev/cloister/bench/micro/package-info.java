/// Questions about single operations, for JMH.
@NullMarked
package dev.cloister.bench.micro;

import org.jspecify.annotations.NullMarked;
