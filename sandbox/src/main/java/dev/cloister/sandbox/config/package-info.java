/// The configuration: one YAML file, read strictly into one record per subsystem.
///
/// Every key has a default, and the defaults make a complete server.
@NullMarked
package dev.cloister.sandbox.config;

import org.jspecify.annotations.NullMarked;
