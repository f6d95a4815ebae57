/// The console in a browser, against a server that only pretends.
@NullMarked
package dev.cloister.admin;

import org.jspecify.annotations.NullMarked;
