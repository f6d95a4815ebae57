;; Objects as compilers of Java, Kotlin or Dart make them: a class hierarchy whose objects point to
;; tables of functions, calls through those (call_ref), interfaces found by a cast of the table,
;; boxed numbers, a growing list, a hash map of objects, expression trees built, simplified and
;; evaluated.
(module
  (rec
    (type $object (sub (struct (field $table (ref $methods)))))
    (type $methods (sub (struct
      (field $hash (ref $hashOf)) (field $equals (ref $equality)))))
    (type $hashOf (func (param (ref $object)) (result i32)))
    (type $equality (func (param (ref $object)) (param (ref null $object)) (result i32))))

  (rec
    (type $expression (sub $object (struct (field (ref $expressionMethods)))))
    (type $expressionMethods (sub $methods (struct
      (field (ref $hashOf)) (field (ref $equality))
      (field $evaluate (ref $evaluation)) (field $simplify (ref $simplification)))))
    (type $evaluation (func (param (ref $expression)) (param $x f64) (result f64)))
    (type $simplification (func (param (ref $expression)) (result (ref $expression)))))

  (type $constant (sub final $expression (struct
    (field (ref $expressionMethods)) (field $value f64))))
  (type $variable (sub final $expression (struct (field (ref $expressionMethods)))))
  (type $binary (sub $expression (struct
    (field (ref $expressionMethods))
    (field $left (ref $expression)) (field $right (ref $expression)))))
  (type $sum (sub final $binary (struct
    (field (ref $expressionMethods)) (field (ref $expression)) (field (ref $expression)))))
  (type $product (sub final $binary (struct
    (field (ref $expressionMethods)) (field (ref $expression)) (field (ref $expression)))))

  (type $boxed (sub final $object (struct (field (ref $methods)) (field $number i32))))

  (type $objects (array (mut (ref null $object))))
  (type $list (struct (field $items (mut (ref $objects))) (field $size (mut i32))))
  (type $entry (struct
    (field $key (ref $object)) (field $mapped (mut (ref null $object)))
    (field $next (ref null $entry))))
  (type $entries (array (mut (ref null $entry))))
  (type $map (struct (field $buckets (mut (ref $entries))) (field $count (mut i32))))

  (global $random (mut i32) (i32.const 1))

  (elem declare func
    $hashConstant $equalsConstant $evaluateConstant $same
    $hashVariable $equalsVariable $evaluateVariable
    $hashBinary $equalsBinary $evaluateSum $simplifySum $evaluateProduct $simplifyProduct
    $hashBoxed $equalsBoxed)

  (global $constantMethods (ref $expressionMethods) (struct.new $expressionMethods
    (ref.func $hashConstant) (ref.func $equalsConstant)
    (ref.func $evaluateConstant) (ref.func $same)))
  (global $variableMethods (ref $expressionMethods) (struct.new $expressionMethods
    (ref.func $hashVariable) (ref.func $equalsVariable)
    (ref.func $evaluateVariable) (ref.func $same)))
  (global $sumMethods (ref $expressionMethods) (struct.new $expressionMethods
    (ref.func $hashBinary) (ref.func $equalsBinary)
    (ref.func $evaluateSum) (ref.func $simplifySum)))
  (global $productMethods (ref $expressionMethods) (struct.new $expressionMethods
    (ref.func $hashBinary) (ref.func $equalsBinary)
    (ref.func $evaluateProduct) (ref.func $simplifyProduct)))
  (global $boxedMethods (ref $methods) (struct.new $methods
    (ref.func $hashBoxed) (ref.func $equalsBoxed)))

  (func $nextRandom (result i32)
    (local $x i32)
    (local.set $x (global.get $random))
    (local.set $x (i32.xor (local.get $x) (i32.shl (local.get $x) (i32.const 13))))
    (local.set $x (i32.xor (local.get $x) (i32.shr_u (local.get $x) (i32.const 17))))
    (local.set $x (i32.xor (local.get $x) (i32.shl (local.get $x) (i32.const 5))))
    (global.set $random (local.get $x))
    (local.get $x))

  ;; What every call of a method is.
  (func $hash (param $of (ref $object)) (result i32)
    (call_ref $hashOf (local.get $of)
      (struct.get $methods $hash (struct.get $object $table (local.get $of)))))
  (func $equals (param $one (ref $object)) (param $other (ref null $object)) (result i32)
    (call_ref $equality (local.get $one) (local.get $other)
      (struct.get $methods $equals (struct.get $object $table (local.get $one)))))
  (func $evaluate (param $of (ref $expression)) (param $x f64) (result f64)
    (call_ref $evaluation (local.get $of) (local.get $x)
      (struct.get $expressionMethods $evaluate (struct.get $expression 0 (local.get $of)))))
  (func $simplify (param $of (ref $expression)) (result (ref $expression))
    (call_ref $simplification (local.get $of)
      (struct.get $expressionMethods $simplify (struct.get $expression 0 (local.get $of)))))

  (func $newConstant (param $value f64) (result (ref $expression))
    (struct.new $constant (global.get $constantMethods) (local.get $value)))
  (func $newSum (param $left (ref $expression)) (param $right (ref $expression))
    (result (ref $expression))
    (struct.new $sum (global.get $sumMethods) (local.get $left) (local.get $right)))
  (func $newProduct (param $left (ref $expression)) (param $right (ref $expression))
    (result (ref $expression))
    (struct.new $product (global.get $productMethods) (local.get $left) (local.get $right)))

  (func $hashConstant (type $hashOf) (param $this (ref $object)) (result i32)
    (i32.trunc_sat_f64_s (f64.mul (f64.const 1024)
      (struct.get $constant $value (ref.cast (ref $constant) (local.get $this))))))
  (func $equalsConstant (type $equality) (param $this (ref $object))
    (param $other (ref null $object)) (result i32)
    (local $that (ref null $constant))
    (block $no
      (block $cast (result (ref $constant))
        (drop (br_on_cast $cast (ref null $object) (ref $constant) (local.get $other)))
        (br $no))
      (local.set $that)
      (return (f64.eq
        (struct.get $constant $value (ref.cast (ref $constant) (local.get $this)))
        (struct.get $constant $value (local.get $that)))))
    (i32.const 0))
  (func $evaluateConstant (type $evaluation) (param $this (ref $expression)) (param $x f64)
    (result f64)
    (struct.get $constant $value (ref.cast (ref $constant) (local.get $this))))
  (func $same (type $simplification) (param $this (ref $expression)) (result (ref $expression))
    (local.get $this))

  (func $hashVariable (type $hashOf) (param $this (ref $object)) (result i32)
    (i32.const 77))
  (func $equalsVariable (type $equality) (param $this (ref $object))
    (param $other (ref null $object)) (result i32)
    (ref.test (ref $variable) (local.get $other)))
  (func $evaluateVariable (type $evaluation) (param $this (ref $expression)) (param $x f64)
    (result f64)
    (local.get $x))

  (func $hashBinary (type $hashOf) (param $this (ref $object)) (result i32)
    (local $binary (ref $binary))
    (local.set $binary (ref.cast (ref $binary) (local.get $this)))
    (i32.add
      (i32.mul (call $hash (struct.get $binary $left (local.get $binary))) (i32.const 31))
      (i32.add (call $hash (struct.get $binary $right (local.get $binary)))
        (ref.test (ref $sum) (local.get $this)))))
  (func $equalsBinary (type $equality) (param $this (ref $object))
    (param $other (ref null $object)) (result i32)
    (local $one (ref $binary)) (local $two (ref $binary))
    (if (i32.eqz (ref.test (ref $binary) (local.get $other)))
      (then (return (i32.const 0))))
    (local.set $one (ref.cast (ref $binary) (local.get $this)))
    (local.set $two (ref.cast (ref $binary) (local.get $other)))
    (if (i32.ne (ref.test (ref $sum) (local.get $one)) (ref.test (ref $sum) (local.get $two)))
      (then (return (i32.const 0))))
    (if (result i32)
      (call $equals (struct.get $binary $left (local.get $one))
        (struct.get $binary $left (local.get $two)))
      (then (call $equals (struct.get $binary $right (local.get $one))
        (struct.get $binary $right (local.get $two))))
      (else (i32.const 0))))

  (func $evaluateSum (type $evaluation) (param $this (ref $expression)) (param $x f64) (result f64)
    (local $binary (ref $sum))
    (local.set $binary (ref.cast (ref $sum) (local.get $this)))
    (f64.add
      (call $evaluate (struct.get $sum 1 (local.get $binary)) (local.get $x))
      (call $evaluate (struct.get $sum 2 (local.get $binary)) (local.get $x))))
  (func $evaluateProduct (type $evaluation) (param $this (ref $expression)) (param $x f64)
    (result f64)
    (local $binary (ref $product))
    (local.set $binary (ref.cast (ref $product) (local.get $this)))
    (f64.mul
      (call $evaluate (struct.get $product 1 (local.get $binary)) (local.get $x))
      (call $evaluate (struct.get $product 2 (local.get $binary)) (local.get $x))))

  ;; The value of a constant; what is none is not a number.
  (func $constantOf (param $of (ref $expression)) (result f64)
    (local $constant (ref null $constant))
    (block $cast (result (ref $constant))
      (drop (br_on_cast $cast (ref $expression) (ref $constant) (local.get $of)))
      (return (f64.const nan)))
    (local.set $constant)
    (struct.get $constant $value (local.get $constant)))

  (func $simplifySum (type $simplification) (param $this (ref $expression))
    (result (ref $expression))
    (local $left (ref $expression)) (local $right (ref $expression))
    (local $a f64) (local $b f64)
    (local.set $left (call $simplify (struct.get $sum 1 (ref.cast (ref $sum) (local.get $this)))))
    (local.set $right (call $simplify (struct.get $sum 2 (ref.cast (ref $sum) (local.get $this)))))
    (local.set $a (call $constantOf (local.get $left)))
    (local.set $b (call $constantOf (local.get $right)))
    (if (f64.eq (f64.add (local.get $a) (local.get $b)) (f64.add (local.get $a) (local.get $b)))
      (then (return (call $newConstant (f64.add (local.get $a) (local.get $b))))))
    (if (f64.eq (local.get $a) (f64.const 0)) (then (return (local.get $right))))
    (if (f64.eq (local.get $b) (f64.const 0)) (then (return (local.get $left))))
    ;; x + x is 2 * x.
    (if (call $equals (local.get $left) (local.get $right))
      (then (return (call $newProduct (call $newConstant (f64.const 2)) (local.get $left)))))
    (call $newSum (local.get $left) (local.get $right)))
  (func $simplifyProduct (type $simplification) (param $this (ref $expression))
    (result (ref $expression))
    (local $left (ref $expression)) (local $right (ref $expression))
    (local $a f64) (local $b f64)
    (local.set $left
      (call $simplify (struct.get $product 1 (ref.cast (ref $product) (local.get $this)))))
    (local.set $right
      (call $simplify (struct.get $product 2 (ref.cast (ref $product) (local.get $this)))))
    (local.set $a (call $constantOf (local.get $left)))
    (local.set $b (call $constantOf (local.get $right)))
    (if (f64.eq (f64.mul (local.get $a) (local.get $b)) (f64.mul (local.get $a) (local.get $b)))
      (then (return (call $newConstant (f64.mul (local.get $a) (local.get $b))))))
    (if (f64.eq (local.get $a) (f64.const 1)) (then (return (local.get $right))))
    (if (f64.eq (local.get $b) (f64.const 1)) (then (return (local.get $left))))
    (call $newProduct (local.get $left) (local.get $right)))

  (func $hashBoxed (type $hashOf) (param $this (ref $object)) (result i32)
    (i32.mul (struct.get $boxed $number (ref.cast (ref $boxed) (local.get $this)))
      (i32.const -1640531527)))
  (func $equalsBoxed (type $equality) (param $this (ref $object)) (param $other (ref null $object))
    (result i32)
    (if (i32.eqz (ref.test (ref $boxed) (local.get $other)))
      (then (return (i32.const 0))))
    (i32.eq
      (struct.get $boxed $number (ref.cast (ref $boxed) (local.get $this)))
      (struct.get $boxed $number (ref.cast (ref $boxed) (local.get $other)))))
  (func $box (param $number i32) (result (ref $object))
    (struct.new $boxed (global.get $boxedMethods) (local.get $number)))

  (func $newList (result (ref $list))
    (struct.new $list (array.new_default $objects (i32.const 4)) (i32.const 0)))
  (func $append (param $list (ref $list)) (param $item (ref $object))
    (local $larger (ref $objects)) (local $size i32)
    (local.set $size (struct.get $list $size (local.get $list)))
    (if (i32.eq (local.get $size) (array.len (struct.get $list $items (local.get $list))))
      (then
        (local.set $larger
          (array.new_default $objects (i32.mul (local.get $size) (i32.const 2))))
        (array.copy $objects $objects (local.get $larger) (i32.const 0)
          (struct.get $list $items (local.get $list)) (i32.const 0) (local.get $size))
        (struct.set $list $items (local.get $list) (local.get $larger))))
    (array.set $objects (struct.get $list $items (local.get $list)) (local.get $size)
      (local.get $item))
    (struct.set $list $size (local.get $list) (i32.add (local.get $size) (i32.const 1))))
  (func $at (param $list (ref $list)) (param $index i32) (result (ref $object))
    (ref.as_non_null
      (array.get $objects (struct.get $list $items (local.get $list)) (local.get $index))))

  (func $newMap (result (ref $map))
    (struct.new $map (array.new_default $entries (i32.const 16)) (i32.const 0)))
  (func $findEntry (param $map (ref $map)) (param $key (ref $object)) (result (ref null $entry))
    (local $entry (ref null $entry)) (local $buckets (ref $entries))
    (local.set $buckets (struct.get $map $buckets (local.get $map)))
    (local.set $entry (array.get $entries (local.get $buckets)
      (i32.and (call $hash (local.get $key))
        (i32.sub (array.len (local.get $buckets)) (i32.const 1)))))
    (block $end
      (loop $next
        (br_if $end (ref.is_null (local.get $entry)))
        (br_if $end
          (call $equals (struct.get $entry $key (local.get $entry)) (local.get $key)))
        (local.set $entry (struct.get $entry $next (local.get $entry)))
        (br $next)))
    (local.get $entry))
  (func $addEntry (param $map (ref $map)) (param $key (ref $object))
    (param $value (ref null $object))
    (local $buckets (ref $entries)) (local $index i32)
    (local.set $buckets (struct.get $map $buckets (local.get $map)))
    (local.set $index (i32.and (call $hash (local.get $key))
      (i32.sub (array.len (local.get $buckets)) (i32.const 1))))
    (array.set $entries (local.get $buckets) (local.get $index)
      (struct.new $entry (local.get $key) (local.get $value)
        (array.get $entries (local.get $buckets) (local.get $index)))))
  (func $rehash (param $map (ref $map))
    (local $old (ref $entries)) (local $entry (ref null $entry)) (local $i i32)
    (local.set $old (struct.get $map $buckets (local.get $map)))
    (struct.set $map $buckets (local.get $map)
      (array.new_default $entries (i32.mul (array.len (local.get $old)) (i32.const 2))))
    (loop $bucket
      (local.set $entry (array.get $entries (local.get $old) (local.get $i)))
      (block $end
        (loop $next
          (br_if $end (ref.is_null (local.get $entry)))
          (call $addEntry (local.get $map) (struct.get $entry $key (local.get $entry))
            (struct.get $entry $mapped (local.get $entry)))
          (local.set $entry (struct.get $entry $next (local.get $entry)))
          (br $next)))
      (br_if $bucket (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
        (array.len (local.get $old))))))
  (func $put (param $map (ref $map)) (param $key (ref $object)) (param $value (ref $object))
    (local $entry (ref null $entry)) (local $count i32)
    (local.set $entry (call $findEntry (local.get $map) (local.get $key)))
    (if (ref.is_null (local.get $entry))
      (then
        (local.set $count (i32.add (struct.get $map $count (local.get $map)) (i32.const 1)))
        (struct.set $map $count (local.get $map) (local.get $count))
        (if (i32.gt_u (local.get $count) (array.len (struct.get $map $buckets (local.get $map))))
          (then (call $rehash (local.get $map))))
        (call $addEntry (local.get $map) (local.get $key) (local.get $value)))
      (else (struct.set $entry $mapped (local.get $entry) (local.get $value)))))

  (func $build (param $depth i32) (result (ref $expression))
    (local $r i32)
    (local.set $r (call $nextRandom))
    (if (i32.or (i32.eqz (local.get $depth))
        (i32.eqz (i32.and (local.get $r) (i32.const 7))))
      (then
        (if (i32.and (local.get $r) (i32.const 8))
          (then (return (struct.new $variable (global.get $variableMethods)))))
        (return (call $newConstant (f64.div
          (f64.convert_i32_u (i32.and (i32.shr_u (local.get $r) (i32.const 4)) (i32.const 3)))
          (f64.const 2))))))
    (local.set $depth (i32.sub (local.get $depth) (i32.const 1)))
    (if (result (ref $expression)) (i32.and (local.get $r) (i32.const 16))
      (then (call $newSum (call $build (local.get $depth)) (call $build (local.get $depth))))
      (else (call $newProduct (call $build (local.get $depth)) (call $build (local.get $depth))))))

  ;; Counts how often each of many boxed numbers comes, and sums up what the map holds.
  (func $counts (param $count i32) (result i32)
    (local $map (ref $map)) (local $list (ref $list)) (local $i i32) (local $sum i32)
    (local $entry (ref null $entry)) (local $key (ref $object))
    (local.set $map (call $newMap))
    (local.set $list (call $newList))
    (loop $fill
      (call $append (local.get $list)
        (call $box (i32.and (call $nextRandom) (i32.const 511))))
      (br_if $fill (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
        (local.get $count))))
    (local.set $i (i32.const 0))
    (loop $next
      (local.set $key (call $at (local.get $list) (local.get $i)))
      (local.set $entry (call $findEntry (local.get $map) (local.get $key)))
      (call $put (local.get $map) (local.get $key)
        (call $box
          (if (result i32) (ref.is_null (local.get $entry))
            (then (i32.const 1))
            (else (i32.add (i32.const 1) (struct.get $boxed $number
              (ref.cast (ref $boxed) (struct.get $entry $mapped (local.get $entry)))))))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
        (local.get $count))))
    (local.set $i (i32.const 0))
    (loop $add
      (local.set $entry (call $findEntry (local.get $map) (call $box (local.get $i))))
      (if (i32.eqz (ref.is_null (local.get $entry)))
        (then (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31))
          (struct.get $boxed $number
            (ref.cast (ref $boxed) (struct.get $entry $mapped (local.get $entry))))))))
      (br_if $add (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
        (i32.const 512))))
    (local.get $sum))

  (func (export "run") (param $n i32) (result f64)
    (local $sum f64) (local $expression (ref $expression)) (local $simple (ref $expression))
    (local $i i32) (local $x f64)
    (global.set $random (i32.const 20260101))
    (loop $round
      (local.set $expression (call $build (i32.const 11)))
      (local.set $simple (call $simplify (local.get $expression)))
      (local.set $i (i32.const 0))
      (loop $evaluation
        (local.set $x (f64.div (f64.convert_i32_u (local.get $i)) (f64.const 16)))
        (local.set $sum (f64.add (local.get $sum) (f64.min (f64.const 1000)
          (call $evaluate (local.get $expression) (local.get $x)))))
        (local.set $sum (f64.add (local.get $sum) (f64.min (f64.const 1000)
          (call $evaluate (local.get $simple) (local.get $x)))))
        (br_if $evaluation (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
          (i32.const 8))))
      (local.set $sum (f64.add (local.get $sum) (f64.convert_i32_s (i32.add
        (call $hash (local.get $simple))
        (call $equals (local.get $expression) (local.get $simple))))))
      (local.set $sum (f64.add (local.get $sum)
        (f64.convert_i32_s (call $counts (i32.const 2000)))))
      (br_if $round (i32.gt_s (local.tee $n (i32.sub (local.get $n) (i32.const 1)))
        (i32.const 0))))
    (local.get $sum)))
