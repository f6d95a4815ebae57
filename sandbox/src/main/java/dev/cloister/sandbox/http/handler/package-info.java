/// HTTP requests as plugins get them that are commands, and what such plugins answer: text over
/// standard input and output, by CGI or as JSON.
@NullMarked
package dev.cloister.sandbox.http.handler;

import org.jspecify.annotations.NullMarked;
