/** Package managers of distributions. */
export type PackageManager = 'apt' | 'dnf' | 'apk';

/** Which one installs packages on the system that this `/etc/os-release` describes: https://www.freedesktop.org/software/systemd/man/os-release.html */
export function packageManagerOf(osRelease: string): PackageManager | undefined {
  const words = [...osRelease.matchAll(/^(?:ID|ID_LIKE)=(.*)$/gm)].flatMap(([, text = '']) =>
    text.replace(/["']/g, '').toLowerCase().split(/\s+/),
  );
  return words.map((word) => FAMILIES[word as keyof typeof FAMILIES]).find((one) => one !== undefined);
}

const FAMILIES: Readonly<Record<string, PackageManager>> = Object.assign(Object.create(null), {
  ...{ debian: 'apt', ubuntu: 'apt', alpine: 'apk' },
  ...{ fedora: 'dnf', rhel: 'dnf', centos: 'dnf', amzn: 'dnf' },
});

const COMMANDS: Readonly<Record<PackageManager, string>> = {
  apt: 'sudo apt-get install',
  dnf: 'sudo dnf install',
  apk: 'sudo apk add',
};

/** The command that installs what holds these, or words where no package is known. */
export function installLibraries(names: readonly string[], manager: PackageManager | undefined): string {
  const packages = manager === undefined ? [] : names.map((name) => PACKAGES[name]?.[ORDER.indexOf(manager)]);
  if (manager !== undefined && packages.every((one) => one !== undefined && one !== ''))
    return `${COMMANDS[manager]} ${[...new Set(packages)].join(' ')}`;
  return `install the packages of your system that hold ${names.join(', ')}`;
}

const ORDER: readonly PackageManager[] = ['apt', 'dnf', 'apk'];

/** Shared libraries and names of pkg-config, to their packages for apt, dnf and apk; empty where there is none. */
const PACKAGES: Readonly<Record<string, readonly [apt: string, dnf: string, apk: string]>> = Object.assign(
  Object.create(null),
  {
    'libatomic.so.1': ['libatomic1', 'libatomic', 'libatomic'],
    'libstdc++.so.6': ['libstdc++6', 'libstdc++', 'libstdc++'],
    'libgcc_s.so.1': ['libgcc-s1', 'libgcc', 'libgcc'],
    'libz.so.1': ['zlib1g', 'zlib', 'zlib'],
    'libcrypt.so.1': ['libcrypt1', 'libxcrypt-compat', ''],
    'libssl.so.3': ['libssl3', 'openssl-libs', 'libssl3'],
    'libcrypto.so.3': ['libssl3', 'openssl-libs', 'libcrypto3'],
    'libxml2.so.2': ['libxml2', 'libxml2', 'libxml2'],
    'libffi.so.8': ['libffi8', 'libffi', 'libffi'],
    'libbz2.so.1.0': ['libbz2-1.0', 'bzip2-libs', 'libbz2'],
    'liblzma.so.5': ['liblzma5', 'xz-libs', 'xz-libs'],
    'libsqlite3.so.0': ['libsqlite3-0', 'sqlite-libs', 'sqlite-libs'],
    'libreadline.so.8': ['libreadline8', 'readline', 'readline'],
    'libncursesw.so.6': ['libncursesw6', 'ncurses-libs', 'libncursesw'],
    'libfreetype.so.6': ['libfreetype6', 'freetype', 'freetype'],
    'libasound.so.2': ['libasound2', 'alsa-lib', 'alsa-lib'],
    alsa: ['libasound2-dev', 'alsa-lib-devel', 'alsa-lib-dev'],
    libudev: ['libudev-dev', 'systemd-devel', 'eudev-dev'],
    'wayland-client': ['libwayland-dev', 'wayland-devel', 'wayland-dev'],
    openssl: ['libssl-dev', 'openssl-devel', 'openssl-dev'],
    'dbus-1': ['libdbus-1-dev', 'dbus-devel', 'dbus-dev'],
    libpulse: ['libpulse-dev', 'pulseaudio-libs-devel', 'pulseaudio-dev'],
    jack: ['libjack-jackd2-dev', 'pipewire-jack-audio-connection-kit-devel', 'jack-dev'],
    fontconfig: ['libfontconfig-dev', 'fontconfig-devel', 'fontconfig-dev'],
    'glib-2.0': ['libglib2.0-dev', 'glib2-devel', 'glib-dev'],
    'gtk+-3.0': ['libgtk-3-dev', 'gtk3-devel', 'gtk+3.0-dev'],
    gtk4: ['libgtk-4-dev', 'gtk4-devel', 'gtk4.0-dev'],
    'gdk-pixbuf-2.0': ['libgdk-pixbuf-2.0-dev', 'gdk-pixbuf2-devel', 'gdk-pixbuf-dev'],
    cairo: ['libcairo2-dev', 'cairo-devel', 'cairo-dev'],
    pango: ['libpango1.0-dev', 'pango-devel', 'pango-dev'],
    'webkit2gtk-4.1': ['libwebkit2gtk-4.1-dev', 'webkit2gtk4.1-devel', 'webkit2gtk-4.1-dev'],
    'libsoup-3.0': ['libsoup-3.0-dev', 'libsoup3-devel', 'libsoup3-dev'],
    'libpipewire-0.3': ['libpipewire-0.3-dev', 'pipewire-devel', 'pipewire-dev'],
    libsystemd: ['libsystemd-dev', 'systemd-devel', ''],
    'libusb-1.0': ['libusb-1.0-0-dev', 'libusb1-devel', 'libusb-dev'],
    libv4l2: ['libv4l-dev', 'libv4l-devel', 'v4l-utils-dev'],
    'gstreamer-1.0': ['libgstreamer1.0-dev', 'gstreamer1-devel', 'gstreamer-dev'],
    libinput: ['libinput-dev', 'libinput-devel', 'libinput-dev'],
    gbm: ['libgbm-dev', 'mesa-libgbm-devel', 'mesa-dev'],
  },
);
