# One image for the web server, the worker and the migration; compose.yaml gives each its command.
FROM python:3.11-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN useradd --system --uid 10001 --shell /usr/sbin/nologin curfew
WORKDIR /app

COPY requirements.txt ./
RUN pip install --require-hashes --requirement requirements.txt
COPY . ./

# The settings want these three before they load. None of them stays in the image.
RUN SECRET_KEY=build ALLOWED_HOSTS=build DATABASE_URL=postgres://build python manage.py collectstatic --noinput

USER curfew
EXPOSE 8000
ENV GRANIAN_INTERFACE=wsgi GRANIAN_HOST=0.0.0.0 GRANIAN_PORT=8000 \
    GRANIAN_WORKERS=2 GRANIAN_BLOCKING_THREADS=16 GRANIAN_WORKERS_KILL_TIMEOUT=8
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["granian", "config.wsgi:application"]
