/// How many idle tenants fit into a server.
@NullMarked
package dev.cloister.bench.density;

import org.jspecify.annotations.NullMarked;
