import OutfitCore
import OutfitProfile
import Testing

@testable import OutfitRender

/// `app:` as `init` takes it from what a repository has for containers.
@Suite struct InitAppTests {
  func reading(
    _ files: [String: String], folder: String = "shop", names: Set<String> = []
  ) -> ProjectReading {
    let isRoot = { (name: String) in
      !name.contains("/") || name.hasPrefix("requirements/") || ProjectReading.files.contains(name)
    }
    return ProjectReading(
      folder: folder, found: files.filter { isRoot($0.key) },
      sources: SourceFiles(names: names.union(files.keys), texts: files),
      interpreters: [
        .python: .init("3.14", place: "a file", isGuess: true, isUnnamed: true),
        .node: .init("24", place: "a file", isGuess: true, isUnnamed: true),
      ])
  }

  func app(_ reading: ProjectReading) async throws -> AppSection {
    try #require(try await ProjectReadingTests().profile(reading).app?.value, "\(reading.text)")
  }

  func has(_ reading: ProjectReading, _ text: String) -> Bool {
    reading.notes.contains { $0.message.contains(text) || $0.hint?.contains(text) == true }
  }

  static let manage = "os.environ.setdefault(\"DJANGO_SETTINGS_MODULE\", \"shop.settings\")\n"
  static let django = ["requirements.txt": "django==5.2\ngunicorn==23.0\n", "manage.py": manage]

  // MARK: Dockerfile

  @Test func theLastStageIsTheImage() async throws {
    let reading = reading([
      "requirements.txt": "fastapi\nuvicorn\n",
      "Dockerfile": """
      FROM node:24 AS pages
      CMD ["bash"]
      FROM python:3.13 AS base
      ENV APP_ENV=production PORT=9000
      FROM base
      WORKDIR /srv/shop
      COPY . .
      EXPOSE 9000
      ENTRYPOINT ["tini", "--"]
      CMD ["/opt/venv/bin/uvicorn", "shop.main:app", "--host", "0.0.0.0", "--port", "${PORT}", "--log-config", \
      "/srv/shop/log.ini"]
      """,
    ])
    let app = try await app(reading)
    #expect(
      app.processes["web"]?.command == [
        "uvicorn", "shop.main:app", "--host", "0.0.0.0", "--port", "9000", "--log-config", "/app/log.ini",
      ])
    #expect(app.processes["web"]?.port == 9000)
    #expect(app.environments["production"]?.env["APP_ENV"] == "production")
    #expect(reading.text.contains("# Dockerfile:10\n"))
  }

  @Test(arguments: [
    ("exec \"$@\"\n", ["gunicorn", "shop.wsgi", "--bind", "0.0.0.0:8000"]),
    (
      "case \"$1\" in\n  gunicorn) run ;;\nesac\nexec \"$@\"\n",
      ["sh", "/app/bin/start.sh", "gunicorn", "shop.wsgi"]
    ),
    ("run \"$1\"\n", ["sh", "/app/bin/start.sh", "gunicorn", "shop.wsgi"]),
  ])
  func anArgumentOfAnEntrypointIsNoProgram(_ script: String, _ command: [String]) async throws {
    var files = Self.django
    files["bin/start.sh"] = "#!/bin/sh\nset -e\n" + script
    files["Dockerfile"] =
      "FROM python:3.13\nCOPY . /code\nEXPOSE 8000\nENTRYPOINT [\"/code/bin/start.sh\"]\nCMD [\"gunicorn\", \"shop.wsgi\"]\n"
    let web = try await app(reading(files)).processes["web"]
    #expect(web?.command == command)
    #expect(web?.port == 8000)
  }

  @Test func theProgramOfAScriptIsItsLast() async throws {
    let reading = reading([
      "requirements.txt": "flask\ngunicorn\n",
      "boot.sh": "#!/bin/sh\nflask db upgrade\nexec gunicorn -b :5000 --access-logfile - shop:app\n",
      "Dockerfile":
        "FROM python:3.13\nWORKDIR /home/shop\nCOPY boot.sh ./\nEXPOSE 5000\nENTRYPOINT [\"./boot.sh\"]\n",
    ])
    let app = try await app(reading)
    #expect(
      app.processes["web"]?.command == ["gunicorn", "-b", ":5000", "--access-logfile", "-", "shop:app"])
    #expect(app.processes["web"]?.port == 5000)
    #expect(app.values["migrate"] == "flask db upgrade")
  }

  @Test func migrationsBeforeAProgramAreMadeByAJob() async throws {
    let reading = reading([
      "requirements.txt": "fastapi\nuvicorn\nalembic\n",
      "Dockerfile":
        "FROM python:3.13\nCMD poetry run alembic upgrade head && \\\n  poetry run uvicorn --host=0.0.0.0 app.main:app\n",
    ])
    let app = try await app(reading)
    #expect(app.processes["web"]?.command == ["uvicorn", "--host=0.0.0.0", "app.main:app"])
    #expect(app.values["migrate"] == "alembic upgrade head")
  }

  @Test func whatASecondPathWaitsForIsLeftOut() {
    let command = StartCommand(
      list: ["bash", "-c", "while ! nc -z db 5432; do sleep 1; done; exec gunicorn shop.wsgi"], [:], .init())
    #expect(command.words == ["gunicorn", "shop.wsgi"])
    #expect(command.before == [])
  }

  @Test func packagesOfTheImage() {
    var packages = ImagePackages()
    packages.take(
      "set -ex && RUN=\" libpq5 \\ gettext \" && apt-get update && apt-get install -y --no-install-recommends $RUN curl",
      [:], 3)
    packages.take(
      "apt-get install -yqq $BUILD && apt-get purge --auto-remove $BUILD", ["BUILD": "gcc libffi8"], 5)
    packages.take("if [ \"$DEV\" = yes ]; then apt-get install -y vim-nox; fi", [:], 7)
    packages.take("apt-get install -y libpq-dev `# for psycopg` libxml2=2.9", [:], 9)
    packages.take("pip wheel --wheel-dir /wheels apprise 'uwsgi==2.0' -r requirements.txt", [:], 11)
    packages.take("apk add --no-cache libpq", [:], 13)
    packages.take(
      "uv pip install --python-preference system --index-strategy unsafe-best-match --requirements r.txt -i x ujson",
      [:], 14)
    #expect(packages.run.map(\.name) == ["libpq5", "gettext", "libxml2"])
    #expect(packages.left.map(\.name) == ["curl", "gcc", "libffi8"])
    #expect(packages.pip.map(\.name) == ["apprise", "uwsgi", "ujson"])
    #expect(packages.alpine.map(\.name) == ["libpq"])
  }

  // MARK: Compose

  static let composed = [
    "requirements.txt": "django\ngunicorn\ncelery\npsycopg\nredis\n", "manage.py": manage,
    "shop/wsgi.py": "x",
    "shop/settings.py": """
    SECRET_KEY = os.environ["SECRET_KEY"]
    ALLOWED_HOSTS = os.environ.get("HOSTS_ALLOWED_HOSTS", "").split(" ")
    DATABASES = {"default": {"HOST": os.environ.get("SQL_HOST"), "NAME": os.environ.get("SQL_DATABASE"),
      "USER": os.environ.get("SQL_USER"),
      "PASSWORD": os.environ.get("SQL_PASSWORD")}}
    BROKER = os.getenv("REDIS_URL", "redis://redis:6379/3")
    MAIL = os.environ["MAIL_HOST"]
    """,
    "docker-compose.yml": """
    services:
      web:
        build: .
        command: python manage.py runserver 0.0.0.0:8000
        environment: {DEBUG: "1", SQL_HOST: db}
        ports: ["8000:8000"]
      db: {image: "postgres:16-alpine"}
      cache: {image: redis}
    """,
    "docker-compose.prod.yml": """
    services:
      web:
        build: .
        command: gunicorn shop.wsgi:application --bind 0.0.0.0:8001
        environment: {SITE_NAME: Shop, SQL_PASSWORD: hunter2, API_TOKEN: abc}
        healthcheck: {test: [CMD, curl, -f, "http://localhost:8001/healthz"]}
      worker:
        build: .
        command: celery -A shop worker -c ${CONCURRENCY:-2}
      assets:
        build: .
        command: yarn watch
        profiles: [assets]
      css:
        build: .
        command: npm run watch
      seed:
        build: .
        command: python manage.py migrate
      pages: {build: ./pages}
      db: {image: "postgres:16.4"}
    """,
  ]

  @Test func whatProductionsComposeSaysComesFirst() async throws {
    let reading = reading(Self.composed)
    let app = try await app(reading)
    #expect(app.processes.keys.sorted() == ["web", "worker"])
    #expect(app.processes["web"]?.command == ["gunicorn", "shop.wsgi:application", "--bind", "0.0.0.0:8001"])
    #expect(app.processes["worker"]?.command == ["celery", "-A", "shop", "worker", "-c", "2"])
    #expect(app.services["postgres"] == "16.4")
    #expect(app.environments["production"]?.env["SITE_NAME"] == "Shop")
    #expect(app.environments["dev"]?.env["DEBUG"] == "1")
    #expect(app.values["ready"] == "/healthz")
    #expect(!reading.text.contains("hunter2"))
    for part in ["assets", "npm run watch", "pages", "MAIL_HOST"] { #expect(has(reading, part), "\(part)") }
  }

  @Test func variablesOfTheDatabaseAreComposed() async throws {
    let reading = reading(Self.composed)
    let env = try await ProjectReadingTests().profile(reading).env.mapValues(\.value)
    #expect(env["SQL_HOST"] == "${POSTGRES_HOST}")
    #expect(env["SQL_DATABASE"] == "${POSTGRES_DB}")
    #expect(env["SQL_PASSWORD"] == "${POSTGRES_PASSWORD}")
    #expect(env["SECRET_KEY"] == "${DJANGO_SECRET_KEY}")
    #expect(env["REDIS_URL"] == "redis://:${REDIS_PASSWORD}@${REDIS_HOST}:${REDIS_PORT}/3")
    let app = try await app(reading)
    #expect(app.environments["production"]?.env["HOSTS_ALLOWED_HOSTS"] == "shop.example localhost")
  }

  @Test(arguments: [
    ("DATABASE_URL", "postgresql+asyncpg://u:p@db/x?ssl=1", "postgresql+asyncpg://U?ssl=1"),
    ("DATABASE_URL", nil, "postgres://U"), ("DATABASE_URL", "mysql://u@db/x", nil),
    ("POSTGRES_SERVER", nil, "${POSTGRES_HOST}"), ("DB_NAME", nil, "${POSTGRES_DB}"),
    ("PGUSER", nil, "${POSTGRES_USER}"), ("TRAC_HOST", nil, nil), ("DATABASE", "postgres", nil),
    ("POSTGRES_HOST", "db", nil), ("CACHE", "redis://c:6379/1", "redis://R/1"),
    ("CELERY_BROKER_URL", nil, "redis://R/0"),
    ("REDIS_HOST", "cache", nil), ("REDIS_SERVER", nil, "${REDIS_HOST}"), ("SITE_URL", "https://x", nil),
    ("DB_ENGINE", "x", nil), ("MYSQL_HOST", nil, nil),
  ])
  func connections(_ name: String, _ example: String?, _ value: String?) {
    let expected = value?.replacing(
      "://U",
      with: "://${POSTGRES_USER}:${POSTGRES_PASSWORD}@${POSTGRES_HOST}:${POSTGRES_PORT}/${POSTGRES_DB}"
    ).replacing("://R", with: "://:${REDIS_PASSWORD}@${REDIS_HOST}:${REDIS_PORT}")
    #expect(
      Connections(hasPostgres: true, hasRedis: true).value(name, example: example, scheme: "postgres")
        == expected)
    #expect(Connections(hasPostgres: false, hasRedis: false).value(name, example: example, scheme: "") == nil)
  }

  @Test func aFolderHasTheComposeFileAboveIt() async throws {
    let reading = reading(
      [
        "requirements.txt": "django\ngunicorn\n", "manage.py": Self.manage, "shop/settings.py": "",
        "Dockerfile.prod": "FROM python:3.13\nWORKDIR /home/web\nCOPY . /home/web\n",
        "../docker-compose.prod.yml": """
        services:
          web:
            build: {context: ./web, dockerfile: Dockerfile.prod}
            command: gunicorn shop.wsgi:application --bind 0.0.0.0:8000
            env_file: [./.env.prod]
          db: {image: "postgres:15"}
          proxy: {build: ./nginx}
        """,
        "../.env.prod-sample": "SQL_ENGINE=django.db.backends.postgresql\nSECRET_KEY=change_me\nDEBUG=0\n",
      ], folder: "web")
    let app = try await app(reading)
    #expect(
      app.processes["web"]?.command == ["gunicorn", "shop.wsgi:application", "--bind", "0.0.0.0:8000"])
    #expect(app.services["postgres"] == "15")
    #expect(app.environments["production"]?.env["SQL_ENGINE"] == "django.db.backends.postgresql")
    #expect(app.environments["production"]?.env["DEBUG"] == "0")
    #expect(!reading.text.contains("change_me"))
  }

  @Test(arguments: [
    ("compose.yml", ComposeReading.Audience.all), ("docker-compose.prod.yml", .production),
    ("docker/compose.production.yaml", .production), ("compose.override.yml", .development),
    ("docker-compose-local.yml", .development), ("docker-compose-CeleryExecutor.yml", .all),
  ])
  func whoAComposeFileIsFor(_ name: String, _ audience: ComposeReading.Audience) {
    #expect(ComposeReading.audience(of: name) == audience)
  }

  @Test func eachServiceIsTakenOrNamed() async throws {
    var files = Self.flask
    files["Dockerfile"] = "FROM python:3.13\n"
    files["mail.Dockerfile"] = "FROM maildev/maildev:1\nCMD [\"maildev\"]\n"
    files["compose.yaml"] = """
      services:
        cert: {image: "certbot/certbot:1"}
        mail: {build: {context: ., dockerfile: mail.Dockerfile}}
        other: {extends: {file: more.yml, service: other}}
        web: {build: ., command: "gunicorn main:app -b 0.0.0.0:8000"}
      """
    let found = reading(files)
    #expect(try await app(found).processes.keys.sorted() == ["web"])
    for name in ["cert", "mail", "other"] { #expect(has(found, "the service \(name)"), "\(name)") }
    files["compose.prod.yaml"] = "services:\n  site: {build: ., command: \"gunicorn main:app -b :8000\"}\n"
    #expect(has(reading(files), "the service web is left out: production's are those of compose.prod.yaml"))
  }

  @Test func aComposeFileOfSeveralDockerfilesHasTheProjectsOwn() async throws {
    let folder = "compose/production"
    let build = { (name: String) in "build: {context: ., dockerfile: ./\(folder)/\(name)/Dockerfile}" }
    var files = Self.django
    files["requirements.txt"] = "django\ngunicorn\ncelery\n"
    files["docker-compose.production.yml"] = """
      services:
        django: {\(build("django")), command: /start}
        worker: {\(build("django")), command: /start-worker}
        postgres: {\(build("postgres"))}
        traefik: {\(build("traefik")), ports: ["80:80", "443:443"]}
      """
    files["\(folder)/django/Dockerfile"] = """
      FROM python:3.13
      WORKDIR /app
      COPY ./\(folder)/django/entrypoint /entrypoint
      COPY ./\(folder)/django/start /start
      COPY ./\(folder)/django/celery/worker/start /start-worker
      COPY . .
      ENTRYPOINT ["/entrypoint"]
      """
    files["\(folder)/django/entrypoint"] = "#!/bin/bash\nwait-for-it db\nexec \"$@\"\n"
    files["\(folder)/django/start"] =
      "#!/bin/bash\npython /app/manage.py collectstatic\npython /app/manage.py seed\nexec gunicorn shop.wsgi -b :5000\n"
    files["\(folder)/django/celery/worker/start"] = "#!/bin/bash\nexec celery -A shop worker\n"
    files["\(folder)/postgres/Dockerfile"] = "FROM docker.io/postgres:17\n"
    files["\(folder)/traefik/Dockerfile"] = "FROM docker.io/traefik:3.6\nCMD [\"traefik\"]\n"
    for name in files.keys where name.hasPrefix(folder) { #expect(SourceFiles.isWanted(name), "\(name)") }
    let reading = reading(files)
    let app = try await app(reading)
    #expect(app.processes.keys.sorted() == ["web", "worker"])
    #expect(app.processes["web"]?.command == ["gunicorn", "shop.wsgi", "-b", ":5000"])
    #expect(app.processes["worker"]?.command == ["celery", "-A", "shop", "worker"])
    #expect(app.services["postgres"] == "17")
    #expect(has(reading, "the service traefik"))
    #expect(has(reading, "start:3: `python /app/manage.py seed` is not taken over"))
  }

  @Test func filesForContainersAreFoundFurtherDown() async throws {
    var files = Self.django
    let text = "FROM python:3.13\nCMD [\"gunicorn\", \"shop.wsgi\", \"-b\", \"0.0.0.0:9000\"]\n"
    files["extras/docker/development/Dockerfile"] = "FROM python:3.13\n"
    files["extras/docker/production/Dockerfile"] = text
    files["docker/compose/docker-compose.mariadb.yml"] = "services: {db: {image: \"mariadb:11\"}}\n"
    files["docker/compose/docker-compose.postgres.yml"] = "services: {db: {image: \"postgres:16\"}}\n"
    files["extras/food/compose.yml"] = "services: {db: {image: \"postgres:12\"}}\n"
    for name in files.keys where name.contains("/") { #expect(SourceFiles.isWanted(name), "\(name)") }
    let found = reading(files)
    let app = try await app(found)
    #expect(app.processes["web"]?.port == 9000)
    #expect(app.services["postgres"] == "16")
    for name in [
      "extras/docker/development/Dockerfile", "docker-compose.mariadb.yml", "extras/food/compose.yml",
    ] {
      #expect(has(found, name), "\(name)")
    }
    files["Dockerfile"] = "FROM python:3.13\n"
    #expect(has(reading(files), "Dockerfile is read: extras/docker/production/Dockerfile"))
  }

  // MARK: Procfile and scripts

  @Test func watchersAreNoProcesses() async throws {
    var files = Self.django
    files["Procfile"] =
      "web: make run\nscss: make watch-scss\ncss: npm run watch:css\nworker: celery -A shop worker\n"
    let reading = reading(files)
    let app = try await app(reading)
    #expect(app.processes.keys.sorted() == ["web", "worker"])
    #expect(app.processes["web"]?.command?.first == "gunicorn", "what is guessed in its place")
    #expect(has(reading, "Procfile:1: `make run`"))
    #expect(has(reading, "celery is not among the packages"))
  }

  @Test func whatIsStartedForOnePurposeIsOneProcess() async throws {
    var files = Self.django
    files["Procfile"] =
      "beat: celery -A shop beat\nworker: celery -A shop worker\nseed: python manage.py loaddata x\n"
    files["compose.yaml"] = """
      services:
        beats: {build: ., command: celery --app=shop beat -l info}
        celery: {build: ., command: "sh -c 'celery -A shop worker -l info'"}
        mails: {build: ., command: celery -A shop worker -Q mail}
        init: {build: ., command: python manage.py collectstatic --noinput}
      """
    let reading = reading(files)
    #expect(try await app(reading).processes.keys.sorted() == ["beat", "mails", "web", "worker"])
    #expect(has(reading, "beats does what beat of Procfile:1 does"))
    #expect(has(reading, "Procfile:3: `python manage.py loaddata x` ends by itself"))
    files["compose.yaml"] = "services:\n  worker: {build: ., command: celery -A shop worker -Q mail}\n"
    #expect(
      has(
        self.reading(files), "`celery -A shop worker -Q mail` is left out: Procfile:2 says what worker starts"
      ))
    #expect(has(reading, "collectstatic --noinput` ends by itself"))
  }

  @Test func oneProcessHasThePortOfEither() async throws {
    let reading = reading([
      "package.json": "{}", "package-lock.json": "{\"lockfileVersion\": 3, \"packages\": {}}", "s.js": "",
      "Dockerfile": "FROM node:24\nEXPOSE 3000\nCMD [\"node\", \"s.js\"]\n",
      "compose.yaml": "services:\n  api: {build: ., command: node s.js}\n",
    ])
    let app = try await app(reading)
    #expect(app.processes.keys.sorted() == ["web"])
    #expect(app.processes["web"]?.port == 3000)
  }

  @Test(arguments: [
    ("{\"start\": \"nodemon\", \"start:prod\": \"node dist/main.js\"}", ["node", "dist/main.js"]),
    ("{\"start\": \"npm run serve-it\", \"serve-it\": \"node server/bin.js\"}", ["node", "server/bin.js"]),
    ("{\"start\": \"next start\"}", ["next", "start"]),
    ("{\"start\": \"a && node x\", \"prestart\": \"tsc\"}", ["node", "x"]),
    ("{\"start\": \"next dev\"}", nil), ("{\"build\": \"vite build\"}", nil),
  ])
  func scripts(_ scripts: String, _ command: [String]?) async throws {
    let reading = reading([
      "package.json": "{\"name\": \"x\", \"scripts\": \(scripts), \"dependencies\": {\"next\": \"1\"}}",
      "package-lock.json": "{\"lockfileVersion\": 3, \"packages\": {}}",
    ])
    let app = try await ProjectReadingTests().profile(reading).app?.value
    #expect(app?.processes["web"]?.command == command)
    #expect((app == nil) == (command == nil))
    if command?.contains("dist/main.js") == true { #expect(has(reading, "dist/main.js, which is not in")) }
  }

  @Test(arguments: [
    ("node ./src/server", true), ("gulp watch", false), ("node --watch x.js", false), ("nodemon x.js", false),
  ])
  func aScriptIsJudgedByWhatItRuns(_ script: String, _ isTaken: Bool) {
    let reading = reading([
      "package.json": "{\"scripts\": {\"watch-production\": \"\(script)\"}}", "src/server.js": "",
      "Procfile": "web: npm run watch-production\n",
    ])
    #expect((reading.processes["web"]?.command.words == ["node", "./src/server"]) == isTaken)
    #expect(reading.processes.isEmpty != isTaken)
  }

  @Test(arguments: [
    ("yarn start --services=web", ["--services=web"]), ("npm start -- --services=web", ["--services=web"]),
    ("npm start --silent", [] as [String]), ("pnpm run start -- a", ["a"]), ("bun start a", ["a"]),
    ("npm run again", ["--x"]),
  ])
  func whatAScriptIsGivenIsKept(_ line: String, _ arguments: [String]) async throws {
    let reading = reading([
      "package.json": "{\"scripts\": {\"start\": \"node s.js\", \"again\": \"npm start -- --x\"}}",
      "package-lock.json": "{\"lockfileVersion\": 3, \"packages\": {}}", "s.js": "",
      "Procfile": "web: \(line)\n",
    ])
    #expect(try await app(reading).processes["web"]?.command == ["node", "s.js"] + arguments)
  }

  @Test(arguments: [
    ("\"start\": \"next start\", \"build\": \"next build\"", ".next"),
    ("\"start:prod\": \"node dist/main\", \"build\": \"nest build\"", "dist"),
    ("\"start\": \"node server.js\", \"build\": \"webpack\"", nil),
  ])
  func whatIsStartedIsBuilt(_ scripts: String, _ folder: String?) async throws {
    for (lock, text, run) in [
      ("package-lock.json", "{\"lockfileVersion\": 3, \"packages\": {}}", "npm run build"),
      ("yarn.lock", "", "yarn run build"),
    ] {
      let reading = reading([
        "package.json": "{\"scripts\": {\(scripts)}, \"dependencies\": {\"next\": \"1\"}}", lock: text,
        "server.js": "",
      ])
      let app = try await app(reading)
      #expect(app.build == folder.map { .init(command: run, copy: [$0]) })
    }
  }

  @Test func aFrontEndOfADockerfileIsBuilt() async throws {
    let reading = reading([
      "requirements.txt": "flask\ngunicorn\n", "app.py": "",
      "ui/package.json": "{\"scripts\": {\"build\": \"vite build\"}}",
      "ui/package-lock.json": "{\"lockfileVersion\": 3, \"packages\": {}}",
      "Dockerfile": """
      FROM node:24 AS pages
      WORKDIR /ui
      COPY ui ./
      RUN npm ci && npm run build
      FROM python:3.13-slim
      RUN apt-get update && apt-get install -y libpq5 gcc
      WORKDIR /code
      COPY . .
      COPY --from=pages /ui/dist ./static/ui
      EXPOSE 8000
      CMD ["gunicorn", "app:app", "-b", "0.0.0.0:8000"]
      """,
    ])
    let app = try await app(reading)
    #expect(app.build == .init(folder: "ui", command: "npm run build", copy: ["dist"], to: "static/ui"))
    #expect(app.packages == .init(run: ["libpq5"], development: ["curl", "git"]))
    #expect(!has(reading, "in a stage of its own"))
  }

  // MARK: Layouts

  @Test func djangoInSrc() async throws {
    let reading = reading([
      "requirements.txt": "django\ngunicorn\nwhitenoise\n", "src/manage.py": Self.manage,
      "src/shop/settings.py":
        "SECRET_KEY = os.environ[\"SECRET_KEY\"]\nROOT_URLCONF = \"shop.urls\"\nSTATIC_ROOT = \"/x\"\nMIDDLEWARE = [\"whitenoise.middleware\"]\nINSTALLED_APPS = [\"django.contrib.staticfiles\"]\n",
      "src/shop/wsgi.py": "",
      "src/shop/urls.py": "urlpatterns = [\n  path(\"up/\", include(\"up.urls\")),\n]\n",
      "src/up/urls.py": "urlpatterns = [path(\"\", views.index), path(\"databases\", views.databases)]\n",
      "Dockerfile": """
      FROM python:3.13
      WORKDIR /code
      COPY . .
      WORKDIR /code/src
      RUN SECRET_KEY=dummy python3 manage.py collectstatic --no-input
      EXPOSE 8000
      CMD ["gunicorn", "shop.wsgi", "-b", "0.0.0.0:8000"]
      """,
    ])
    let app = try await app(reading)
    #expect(app.template == "django")
    #expect(
      app.processes["web"]?.command == ["sh", "-c", "cd src && exec gunicorn shop.wsgi -b 0.0.0.0:8000"])
    #expect(app.values["migrate"] == "cd src && python manage.py migrate --noinput")
    #expect(app.values["prepare"] == "cd src && python manage.py shell <../docker/static.py")
    #expect(app.services["nginx"]?.isOff == true)
    #expect(app.values["ready"] == "/up/")
  }

  @Test(arguments: ["shop/settings.py", "shop/settings/base.py"])
  func aManagePyWithoutSettingsIsDjangosToo(_ settings: String) async throws {
    let reading = reading([
      "requirements.txt": "django\ngunicorn\n", "Procfile": "web: bash Procfile.sh\n",
      "manage.py": "from django.core.management import execute_from_command_line\n",
      "shop/wsgi.py": "", settings: "DEBUG = False\n",
      "Procfile.sh": "#!/bin/bash\n\npython manage.py migrate\n\ngunicorn shop.wsgi\n",
    ])
    #expect(try await app(reading).template == "django")
    let module = settings.dropLast(3).replacing("/", with: ".")
    #expect(reading.text.contains("DJANGO_SETTINGS_MODULE: \(module)"))
    #expect(has(reading, "Procfile.sh:3: `python manage.py migrate` runs in each pod of web"))
    #expect(!has(reading, "Procfile.sh is left out"))
  }

  @Test func aManagePyOfAnotherFramework() {
    let reading = reading([
      "requirements.txt": "flask\n", "manage.py": "from flask_script import Manager\nmanager.run()\n",
    ])
    #expect(reading.django == nil)
    #expect(!reading.text.contains("template: django"))
  }

  @Test func foldersThatCouldBeAnApp() {
    let reading = reading([
      "vote/requirements.txt": "flask\n", "vote/Dockerfile": "FROM python:3\n",
      "result/package.json": "{\"scripts\": {\"start\": \"node server.js\"}}",
      "docs/requirements.txt": "sphinx\n",
      "docs/Dockerfile": "FROM x\n",
    ])
    #expect(!reading.text.contains("app:"))
    #expect(has(reading, "result (Node), vote (Python)"))
    #expect(has(reading, "outfit init result"))
  }

  @Test func applicationsInFoldersOfTheirOwnAreNamed() {
    let packages = "{\"scripts\": {\"start\": \"node server.js\"}}"
    let reading = reading([
      "api/requirements.txt": "flask\n", "api/app.py": "", "frontend/package.json": packages,
      "docs/requirements.txt": "mkdocs\n", "package.json": "{}",
      "Dockerfile":
        "FROM python:3.13\nWORKDIR /app\nCOPY api /app\nEXPOSE 8000\nCMD [\"gunicorn\", \"app:app\"]\n",
    ])
    #expect(!reading.text.contains("app:\n"))
    #expect(has(reading, "api (Python), frontend (Node)"))
    #expect(has(reading, "outfit init api"))
    #expect(!has(reading, "write a requirements.txt"))
  }

  @Test(arguments: [
    ("node:22", "node s.js", "node"), ("gcr.io/distroless/nodejs22-debian12", "s.js", "node"),
    ("debian:13", "npm start", "node"), ("python:3.13", "python s.py", "worker"),
    ("debian:13", "gunicorn a:app", "fastapi"),
  ])
  func theImageDecidesTheLanguage(_ image: String, _ command: String, _ template: String) async throws {
    let reading = reading([
      "package.json": "{\"scripts\": {\"start\": \"node s.js\"}}", "s.js": "",
      "requirements.txt": "requests\n",
      "package-lock.json": "{\"lockfileVersion\": 3, \"packages\": {}}",
      "Dockerfile": "FROM \(image)\nCMD \(command)\n",
    ])
    #expect(try await app(reading).template == template)
  }

  @Test func anAppWithoutPackagesIsNone() {
    let reading = reading([
      "Dockerfile": "FROM python:3.7\nRUN pip install airflow\nCMD [\"uvicorn\", \"x:y\"]\n", "setup.cfg": "",
    ])
    #expect(!reading.text.contains("app:"))
  }

  @Test func lowPortsAreLifted() async throws {
    let reading = reading([
      "requirements.txt": "flask\ngunicorn\n",
      "Dockerfile": "FROM python:3.13\nEXPOSE 80\nCMD [\"gunicorn\", \"app:app\", \"-b\", \"0.0.0.0:80\"]\n",
    ])
    let web = try await app(reading).processes["web"]
    #expect(web?.port == 8080)
    #expect(web?.command == ["gunicorn", "app:app", "-b", "0.0.0.0:8080"])
  }

  @Test func aLibraryIsNoApp() {
    for files in [
      ["package.json": "{\"name\": \"x\", \"main\": \"index.js\"}", "index.js": "module.exports = 1\n"],
      [
        "pyproject.toml": "[project]\nname = \"x\"\ndependencies = [\"fastapi\"]\n",
        "x/main.py": "import fastapi\n",
      ],
    ] {
      #expect(!reading(files).text.contains("app:"))
    }
  }

  @Test func whatMakesTheApplicationIsFound() async throws {
    let fast = try await app(
      reading([
        "requirements.txt": "fastapi\nuvicorn\n",
        "app/main.py": "from fastapi import FastAPI\napi = FastAPI()\n",
        "app/health.py": "@router.get(\"/health\")\n",
      ]))
    #expect(fast.processes["web"]?.command?.prefix(2) == ["uvicorn", "app.main:api"])
    let flask = try await app(
      reading([
        "requirements.txt": "flask\ngunicorn\n",
        "site/__init__.py": "def create_app():\n    app = Flask(__name__)\n",
      ]))
    #expect(flask.processes["web"]?.command?.prefix(2) == ["gunicorn", "site:create_app()"])
  }

  @Test(arguments: [
    ("os.environ[\"MODE\"] = \"1\"", nil), ("os.environ['MODE']='1'", nil),
    ("x = os.environ[\"MODE\"]", true),
    ("if os.environ[\"MODE\"] == \"a\":", true), ("x = os.getenv(\"MODE\")", false),
    ("x = os.environ.get(\"MODE\")", false),
    ("x = (\n  tuple(os.environ[\"MODE\"])\n  if \"MODE\" in os.environ\n  else None)", false),
    ("if \"MODE\" not in os.environ: exit()\nx = os.environ[\"MODE\"]", false),
  ])
  func whatAProgramNeeds(_ text: String, _ isNeeded: Bool?) {
    let names = VariableNames(SourceFiles(texts: ["app.py": "import os\n\(text)\n"]))
    #expect(names.read["MODE"]?.isNeeded == isNeeded)
  }

  @Test func aModuleOfVariablesReadsThem() {
    let text =
      "import environment from \"./utils/environment\"\nurl = environment.DATABASE_URL ?? environment.production\n"
    let names = VariableNames(
      SourceFiles(texts: ["server/env.ts": text, "server/index.ts": "environment.OTHER\n"]))
    #expect(names.read.keys.sorted() == ["DATABASE_URL"])
  }

  // MARK: Health

  @Test(arguments: [
    ("@app.get(\"/health\")\n", nil, "/health"), ("@app.route('/livez')\n", "/livez", nil),
    ("@app.get(\"/users\")\n", nil, nil), ("@router.get(\"/health\")\n", nil, nil),
    ("@app.get(\"/health/{name}\")\n", nil, nil),
  ])
  func routes(_ text: String, _ live: String?, _ ready: String?) {
    let paths = HealthPaths(SourceFiles(texts: ["main.py": text]), asked: nil, urls: nil, folder: "")
    #expect(paths.live?.path == live)
    #expect(paths.ready?.path == ready)
    #expect(paths.partial.isEmpty == !text.contains("router"))
  }

  @Test(arguments: [
    ("curl -f http://localhost:8000/up || exit 1", "/up"), ("wget -q http://127.0.0.1/healthz", "/healthz"),
    ("curl http://localhost:${PORT}/x", "/x"), ("curl http://localhost:8000", nil), ("pg_isready", nil),
  ])
  func whatAHealthCheckAsksFor(_ text: String, _ path: String?) {
    #expect(HealthPaths.path(in: text) == path)
  }

  // MARK: Commands

  @Test(arguments: [
    ("python manage.py runserver 0.0.0.0:8000", true), ("gunicorn x --reload", true), ("nodemon a.js", true),
    ("webpack-dev-server --port=1", true), ("vite", true), ("vite preview", false),
    ("gunicorn -w 4 x", false),
    ("tailwindcss -i a -o b --watch", true), ("npm run watch-css", true), ("celery -A x worker", false),
    ("node server.js", false), ("nx serve", true), ("flask run", true), ("fastapi run --workers 4", false),
    ("mkdocs serve --dev-addr=0.0.0.0:8000", true), ("flask --app x run -h 0.0.0.0", true),
    ("npx vite", true),
    ("next", true), ("flask db upgrade", false), ("fastapi dev", true),
    ("cross-env NODE_ENV=development node x", true),
  ])
  func whatIsForDevelopers(_ text: String, _ isOne: Bool) {
    #expect(StartCommand.isForDevelopment(text) == isOne)
  }

  @Test(arguments: [
    "API_KEY", "SENTRY_DSN", "DB_PASSWORD", "JWT_SECRET", "AWS_SECRET_ACCESS_KEY",
  ])
  func secrets(_ name: String) { #expect(VariableNames.isSecret(name)) }

  @Test(arguments: ["ACCESS_TOKEN_EXPIRE_MINUTES", "KEYCLOAK_URL", "SITE_NAME", "PUBLIC_KEY_URL", "MONKEY"])
  func noSecrets(_ name: String) { #expect(!VariableNames.isSecret(name)) }

  // MARK: Kinds of public repositories

  static let flask = [
    "requirements.txt": "flask\ngunicorn\nuvicorn\ncelery\nflower\nredis\n",
    "Dockerfile": "FROM python:3.13\nWORKDIR /srv\nCOPY . .\n", "main.py": "x = 1\n",
  ]

  @Test func anEntrypointThatHandsOnStartsNothingByItself() async throws {
    var files = Self.django
    files["entrypoint.sh"] = "#!/bin/sh\nwhile ! nc -z $SQL_HOST 5432; do sleep 1; done\nexec \"$@\"\n"
    files["Dockerfile"] =
      "FROM python:3.13\nWORKDIR /home/web\nCOPY . /home/web\nENTRYPOINT [\"/home/web/entrypoint.sh\"]\n"
    let reading = reading(files)
    #expect(try await app(reading).processes.keys.sorted() == ["web"])
    #expect(!reading.text.contains("entrypoint.sh\"]"))
    files["entrypoint.sh"] =
      "#!/bin/sh\nif [ $# -eq 0 ]; then\n  set -- gunicorn shop.wsgi --bind 0.0.0.0:9000\nfi\nexec \"$@\"\n"
    let own = try await app(self.reading(files)).processes["web"]
    #expect(own?.command == ["gunicorn", "shop.wsgi", "--bind", "0.0.0.0:9000"])
  }

  @Test(arguments: [
    ("", "CMD [\"/bin/bash\", \"-c\", \"/app/entrypoint.sh\"]", ["bash", "/app/entrypoint.sh"]),
    ("#!/bin/sh\n", "CMD [\"/bin/bash\", \"-c\", \"/app/entrypoint.sh\"]", ["/app/entrypoint.sh"]),
    ("", "ENTRYPOINT [\"bash\", \"entrypoint.sh\"]", ["bash", "/app/entrypoint.sh"]),
    ("", "ENTRYPOINT [\"bash\", \"other.sh\"]", ["bash", "other.sh"]),
  ])
  func aScriptKeepsItsShell(_ mark: String, _ start: String, _ command: [String]) async throws {
    let reading = reading([
      "package.json": "{\"devDependencies\": {\"@sveltejs/adapter-node\": \"5\"}}",
      "package-lock.json": "{\"lockfileVersion\": 3, \"packages\": {}}",
      "entrypoint.sh": mark + "node build | tee log\n",
      "Dockerfile": "FROM node:24\nWORKDIR /app\nCOPY . .\n\(start)\n",
    ])
    let web = try await app(reading).processes["web"]
    #expect(web?.command == command)
    #expect(web?.port == 3000)
  }

  @Test func whatAdapterNodeBuildsIsServed() async throws {
    let reading = reading([
      "package.json":
        "{\"scripts\": {\"build\": \"vite build\"}, \"devDependencies\": {\"@sveltejs/adapter-node\": \"5\"}}",
      "package-lock.json": "{\"lockfileVersion\": 3, \"packages\": {}}",
      "Dockerfile": "FROM node:24\nWORKDIR /app\nCOPY . .\nCMD [\"node\", \"build\"]\n",
    ])
    let app = try await app(reading)
    #expect(app.processes["web"]?.port == 3000)
    #expect(app.processes["web"]?.command == ["node", "build"])
    #expect(app.build?.copy == ["build"])
  }

  @Test func stepsOfAnEntrypointAreNamed() {
    var files = Self.django
    files["entrypoint.sh"] = """
      #!/bin/bash
      set -e
      die() { echo "$1"; }
      >&2 echo "starting"
      while ! nc -z db 5432; do sleep 1; done
      python << END
      import time
      END
      if [ "$1" = "gunicorn" ]; then
        python manage.py migrate || die "failed"
        python manage.py initdb || die "failed"
        MODE=x python manage.py compile_themes
        python manage.py collectstatic --no-input
        echo "
        User: $UID
        "
        ADDRESS=`/sbin/ip route | awk '{print $3}'`
      fi
      exec "$@"
      """
    files["Dockerfile"] =
      "FROM python:3.13\nCOPY . .\nENTRYPOINT [\"/entrypoint.sh\"]\nCMD [\"gunicorn\", \"shop.wsgi\"]\n"
    let lines = reading(files).notes.map(\.message).filter { $0.hasSuffix("is not taken over") }
    #expect(
      lines == [
        "entrypoint.sh:11: `python manage.py initdb` is not taken over",
        "entrypoint.sh:12: `MODE=x python manage.py compile_themes` is not taken over",
      ])
  }

  @Test func aDevelopersCommandSaysWhatProductionStarts() async throws {
    var files = Self.flask
    files["docker-compose.yml"] = """
      services:
        web:
          build: .
          command: uvicorn main:app --host 0.0.0.0 --reload
          volumes: [".:/srv"]
          ports: ["8004:8000"]
        worker: {build: ., command: celery -A worker.celery worker --loglevel=info --logfile=logs/celery.log}
        dashboard: {build: ., command: "celery --broker=redis://redis:6379/0 flower --port=5555", ports: ["5556:5555"]}
        redis: {image: "redis:7"}
      """
    let reading = reading(files)
    let app = try await app(reading)
    #expect(app.processes.keys.sorted() == ["web", "worker"])
    #expect(app.processes["web"]?.command == ["uvicorn", "main:app", "--host", "0.0.0.0"])
    #expect(app.processes["web"]?.port == 8000)
    #expect(
      app.processes["worker"]?.command == ["celery", "-A", "worker.celery", "worker", "--loglevel=info"])
    #expect(has(reading, "dashboard shows how the others do"))
    #expect(has(reading, "not to logs/celery.log"))
  }

  @Test(arguments: [
    ("[\"bash\", \"-l\"]", "`bash -l` waits for somebody"), ("python3", "`python3` waits for somebody"),
    ("[\"mkdocs\", \"serve\"]", "`mkdocs serve` is for those who develop"),
  ])
  func aShellIsNoProcess(_ command: String, _ line: String) {
    let reading = reading([
      "requirements.txt": "mkdocs\n", "Dockerfile": "FROM python:3.13\nEXPOSE 80\nCMD \(command)\n",
    ])
    #expect(reading.processes.isEmpty)
    #expect(has(reading, line))
  }

  @Test(arguments: [
    ("nodemon -L src/index.js", ["node", "src/index.js"]),
    ("npx nodemon --inspect server.js", ["node", "server.js"]),
    ("fastapi dev app/main.py --port 80", ["fastapi", "run", "app/main.py", "--port", "80"]),
    ("uvicorn a:b --reload --reload-dir src --port 9", ["uvicorn", "a:b", "--port", "9"]),
    ("python manage.py runserver", nil), ("next dev", nil), ("nodemon", nil), ("npm run watch", nil),
  ])
  func withoutWhatWatches(_ text: String, _ command: [String]?) {
    #expect(StartCommand(words: ProjectReading.words(text)).forProduction?.words == command)
  }

  @Test func aComposeFileThatMountsTheSourceIsADevelopers() async throws {
    var files = Self.django
    files["Dockerfile"] =
      "FROM python:3.13\nWORKDIR /app\nCOPY . .\nCMD [\"gunicorn\", \"shop.wsgi\", \"-b\", \"0.0.0.0:8000\"]\n"
    let text =
      "services:\n  web:\n    build: .\n    command: python manage.py run\n    ports: [\"8000:8000\"]\n"
    files["docker-compose.yml"] = text + "    volumes: [\".:/app:ro\"]\n"
    #expect(try await app(reading(files)).processes["web"]?.command?.first == "gunicorn")
    files["docker-compose.yml"] = text + "    volumes: [\"./data:/app/data\"]\n"
    #expect(try await app(reading(files)).processes["web"]?.command?.first == "python")
  }

  @Test func whatTheImageInstallsIsThere() async throws {
    let files = [
      "manage.py": Self.manage, "shop/wsgi.py": "x", "requirements/base.txt": "django\n",
      "requirements/development.txt": "-r base.txt\npytest\n",
      "requirements/production.txt": "-r base.txt\nuwsgi\n", "Procfile": "web: uwsgi etc/uwsgi.ini\n",
      "Dockerfile":
        "FROM python:3.13\nCOPY requirements/ /tmp/\nRUN pip install -r /tmp/requirements/production.txt\n",
    ]
    let reading = reading(files)
    #expect(reading.text.contains("from: [requirements/development.txt, requirements/production.txt]"))
    #expect(!has(reading, "uwsgi is not among the packages"))
    var others = files
    others["Dockerfile"] = nil
    #expect(self.reading(others).text.contains("requirements/production.txt]"), "it has what serves")
    others["requirements/development.txt"] = "-r base.txt\npytest\ngunicorn\n"
    #expect(!self.reading(others).text.contains("production.txt]"))
  }

  @Test(arguments: [
    (["uv.lock": "version = 1\n", "pyproject.toml": "[project]\nname = \"x\"\n"], "uv add celery"),
    (["poetry.lock": "", "pyproject.toml": "[tool.poetry]\nname = \"x\"\n"], "poetry add celery"),
    (["Pipfile.lock": "{}", "Pipfile": ""], "pipenv install celery"),
    (["requirements.txt": "six\n"], "add celery to requirements.txt"),
  ])
  func aLockIsItsManagersToWrite(_ files: [String: String], _ hint: String) {
    let environment = EnvironmentReading(files)
    #expect(KnownPackages(files, environment).remedy("celery") == hint, "\(environment.from)")
  }

  @Test(arguments: [
    ("discord.py\n", "bot: python bot.py", 1), ("celery\n", "worker: celery -A x worker", 2),
    ("flask\ngunicorn\n", "web: gunicorn x:y", 2),
  ])
  func whatDoesNotShareItsWorkRunsOnce(_ packages: String, _ line: String, _ replicas: Int) async throws {
    let app = try await app(reading(["requirements.txt": packages, "Procfile": line + "\n"]))
    #expect(app.environments["production"]?.replicas == replicas)
  }

  @Test func groupsOfTheImageShip() async throws {
    let project = """
      [project]
      name = "shop"
      version = "1"
      dependencies = ["django"]
      [project.optional-dependencies]
      pgsql = ["psycopg"]
      fast = ["ujson"]
      [dependency-groups]
      dev = ["pytest"]
      prod = ["gunicorn"]
      postgres = ["psycopg"]
      docs = ["sphinx"]
      [tool.uv]
      """
    var files = ["pyproject.toml": project, "uv.lock": "version = 1\n", "manage.py": Self.manage]
    #expect(reading(files).text.contains("groups: [dev, prod], ships: [prod]"))
    files["docker/default.Dockerfile"] =
      "FROM python:3.13\nRUN uv sync --no-dev \\\n    --group postgres --extra pgsql\nCMD [\"gunicorn\", \"shop.wsgi\"]\n"
    let reading = reading(files)
    #expect(reading.text.contains("groups: [dev, postgres, prod], ships: [postgres, prod], extras: [pgsql]"))
    #expect(has(reading, "docker/default.Dockerfile:2 installs them for the image"))
    #expect(try await app(reading).processes["web"]?.command?.prefix(2) == ["gunicorn", "shop.wsgi"])
  }

  @Test func aFolderTwoLevelsDownHasTheComposeFileOfTheTop() async throws {
    let files = [
      "requirements.txt": "flask\ngunicorn\n", "manage.py": "app = create_app()\n",
      "Dockerfile.prod": "FROM python:3.13\nWORKDIR /home/web\nCOPY . /home/web\n",
      "../../docker-compose.prod.yml": """
      services:
        web:
          build: {context: ./services/web, dockerfile: Dockerfile.prod}
          environment: {APP_FOLDER: /home/web, DATA_FOLDER: /home/web/data, OTHER: /var/other}
          command: gunicorn --bind 0.0.0.0:5000 manage:app
        other: {build: ./other/web}
      """,
    ]
    let reading = ProjectReading(
      folder: "web", place: "services/web", found: files.filter { !$0.key.contains("/") },
      sources: SourceFiles(texts: files),
      interpreters: [.python: .init("3.14", place: "a file", isGuess: true, isUnnamed: true)])
    #expect(
      try await app(reading).processes["web"]?.command == [
        "gunicorn", "--bind", "0.0.0.0:5000", "manage:app",
      ])
    #expect(has(reading, "the service other is built from ../../other/web"))
    let env = try await app(reading).environments["production"]?.env
    #expect(env == ["APP_FOLDER": "/app", "DATA_FOLDER": "/app/data", "OTHER": "/var/other"])
  }

  @Test func whatSaysWhichDatabaseItIsSaysPostgres() async throws {
    var files = Self.django
    files["requirements.txt"] = "django\ngunicorn\npsycopg\n"
    files["shop/settings.py"] = """
      DB_KIND = os.environ.get("DB_KIND", "sqlite")
      if DB_KIND == "postgres":
          x = 1
      DATABASES = {"default": {"ENGINE": os.environ.get("SQL_ENGINE", "django.db.backends.sqlite3"),
        "HOST": os.environ.get("SQL_HOST", "localhost")}}
      """
    files["docker-compose.yml"] = "services:\n  db: {image: \"postgres:16\"}\n"
    let env = try await ProjectReadingTests().profile(reading(files)).env.mapValues(\.value)
    #expect(env["SQL_ENGINE"] == "django.db.backends.postgresql")
    #expect(env["DB_KIND"] == "postgres")
    files["docker-compose.yml"] = nil
    files["requirements.txt"] = "django\ngunicorn\n"
    #expect(!reading(files).text.contains("SQL_ENGINE"))
  }

  @Test func toolsOfNpmNeedANode() async throws {
    let reading = reading([
      "requirements.txt": "django\n",
      ".pre-commit-config.yaml": """
      repos:
        - repo: https://github.com/rbubley/mirrors-prettier
          rev: v3.7.4
          hooks: [{id: prettier}]
      """,
    ])
    #expect(reading.text.contains("  node: \"24\""))
  }

  @Test func aDevelopersPathIsNoHealth() {
    let urls = "urlpatterns = [path(\"live_reload\", x), path(\"health\", y)]\n"
      .replacing(", path", with: ",\npath").replacing("[path", with: "[\npath")
    let paths = HealthPaths(
      SourceFiles(texts: ["shop/urls.py": urls]), asked: nil, urls: "shop/urls.py", folder: "")
    #expect(paths.live == nil)
    #expect(paths.ready?.path == "/health")
  }
}
