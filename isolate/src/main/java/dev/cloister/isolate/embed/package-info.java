/// Plugins in a Java program that is not the server: one tenant, called like methods.
@NullMarked
package dev.cloister.isolate.embed;

import org.jspecify.annotations.NullMarked;
