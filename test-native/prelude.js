/**
 * What a phone would bring, for an engine that has nothing: a file module in memory with the published methods, text encoders, and
 * what Hermes 0.12 lacks beside the Hermes of today. Not bundled, so in the words of an old engine.
 */
/* oxlint-disable eslint/no-var */
(function (global) {
  var files = {}, folders = { "/data": true, "/data/docs": true };
  function pathOf(uri) { return decodeURIComponent(uri.replace("file://", "")).replace(/(.)\/+$/, "$1"); }
  function File(uri) { this.uri = uri; }
  Object.defineProperty(File.prototype, "exists", { get: function () { return files[pathOf(this.uri)] !== undefined; } });
  Object.defineProperty(File.prototype, "size", { get: function () { var f = files[pathOf(this.uri)]; return f ? f.length : 0; } });
  File.prototype.create = function () { if (this.exists) throw new Error("exists"); files[pathOf(this.uri)] = { bytes: new Uint8Array(1024), length: 0 }; };
  File.prototype.delete = function () { if (!this.exists) throw new Error("missing"); delete files[pathOf(this.uri)]; };
  File.prototype.moveSync = function (to) {
    if (!this.exists || to.exists) throw new Error("cannot move");
    files[pathOf(to.uri)] = files[pathOf(this.uri)]; delete files[pathOf(this.uri)]; this.uri = to.uri;
  };
  File.prototype.open = function (mode) {
    var file = files[pathOf(this.uri)];
    if (file === undefined) throw new Error("missing");
    if (mode === "wt") file.length = 0;
    var handle = { offset: 0, close: function () {} };
    Object.defineProperty(handle, "size", { get: function () { return file.length; } });
    handle.readBytesSync = function (count) {
      var bytes = file.bytes.slice(handle.offset, Math.min(file.length, handle.offset + count));
      handle.offset += bytes.length;
      return bytes;
    };
    handle.writeBytesSync = function (bytes) {
      var end = handle.offset + bytes.length;
      if (end > file.bytes.length) { var grown = new Uint8Array(end * 2); grown.set(file.bytes); file.bytes = grown; }
      if (handle.offset > file.length) file.bytes.fill(0, file.length, handle.offset);
      file.bytes.set(bytes, handle.offset);
      handle.offset = end;
      if (end > file.length) file.length = end;
    };
    return handle;
  };
  function Directory(uri) { this.uri = uri; }
  Object.defineProperty(Directory.prototype, "exists", { get: function () { return folders[pathOf(this.uri)] === true; } });
  Directory.prototype.create = function () { folders[pathOf(this.uri)] = true; };
  Directory.prototype.delete = function () { delete folders[pathOf(this.uri)]; };
  Directory.prototype.list = function () {
    var place = pathOf(this.uri) + "/", found = [];
    Object.keys(files).concat(Object.keys(folders)).forEach(function (path) {
      if (path.indexOf(place) === 0 && path.slice(place.length).indexOf("/") < 0) found.push({ uri: "file://" + path });
    });
    return found;
  };
  // No CSPRNG here, and nothing worth a key: xorshift.
  var state = 0x9e3779b9;
  function randomBytes(count) {
    var bytes = new Uint8Array(count);
    for (var i = 0; i < count; i += 1) { state ^= state << 13; state ^= state >>> 17; state ^= state << 5; bytes[i] = state & 255; }
    return bytes;
  }
  global.holdfastModules = { fileSystem: { File: File, Directory: Directory, Paths: { document: { uri: "file:///data/docs/" } } }, randomBytes: randomBytes };

  if (global.performance === undefined) global.performance = { now: function () { return Date.now(); } };
  if (global.TextEncoder === undefined) {
    global.TextEncoder = function () {};
    global.TextEncoder.prototype.encode = function (text) {
      var escaped = unescape(encodeURIComponent(text)), bytes = new Uint8Array(escaped.length);
      for (var i = 0; i < escaped.length; i += 1) bytes[i] = escaped.charCodeAt(i);
      return bytes;
    };
  }
  if (global.TextDecoder === undefined) {
    global.TextDecoder = function () {};
    global.TextDecoder.prototype.decode = function (bytes) {
      var text = "";
      for (var i = 0; i < bytes.length; i += 1) text += String.fromCharCode(bytes[i]);
      return decodeURIComponent(escape(text));
    };
  }
  function add(prototype, name, value) { if (prototype[name] === undefined) Object.defineProperty(prototype, name, { value: value, configurable: true, writable: true }); }
  [Array.prototype, Object.getPrototypeOf(Uint8Array.prototype), String.prototype].forEach(function (prototype) {
    add(prototype, "at", function (index) { return this[index < 0 ? this.length + index : index]; });
  });
  add(Array.prototype, "toSorted", function (order) { return this.slice().sort(order); });
  add(Array.prototype, "toReversed", function () { return this.slice().reverse(); });
  add(Array.prototype, "findLast", function (test) { for (var i = this.length - 1; i >= 0; i -= 1) if (test(this[i], i, this)) return this[i]; });
  add(Object, "hasOwn", function (object, key) { return Object.prototype.hasOwnProperty.call(object, key); });
  if (Symbol.asyncIterator === undefined) Object.defineProperty(Symbol, "asyncIterator", { value: Symbol("asyncIterator") });
  if (global.WeakRef === undefined) { global.WeakRef = function (value) { this.value = value; }; global.WeakRef.prototype.deref = function () { return this.value; }; }
})(globalThis);
