/// Who may do what: keys, roles and the console's sessions.
@NullMarked
package dev.cloister.sandbox.auth;

import org.jspecify.annotations.NullMarked;
