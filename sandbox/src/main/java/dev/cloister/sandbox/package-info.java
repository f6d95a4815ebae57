/// The plugin server.
@NullMarked
package dev.cloister.sandbox;

import org.jspecify.annotations.NullMarked;
