package words

// Targets are the texts about what Prometheus scrapes.
type Targets struct {
	Title string

	Up      string  // 1 how many, 2 of how many: "39 of 42 targets up"
	Down    Counted // the targets that are down
	Waiting Counted // those that were not scraped yet
	Gone    Counted // those that vanished
	Within  string  // 1 Gone, 2 range
	AllUp   string  // 1 how many targets

	// Headings and columns.
	AreDown, Jobs, Vanished                   string
	Job, Target, Reason, UpShare, Seen, Count string
	Last                                      string // 1 time: of the newest scrape
	On                                        string // 1 node
	More                                      Counted

	Virtual, Replaced Counted // notes about what is left out

	// What the error of a scrape is, and what to do about it, by the code of the trouble. A %[1]s
	// is a status or, in an advice, the name and value of the scrape timeout.
	Trouble, Advice map[string]string

	// Notes about what is not known.
	NoList, Past                            string
	Refused, Unlisted                       string // 1 error
	Part, Figures, VanishedUnknown, Unknown string // 1 error
}

var englishTargets = Targets{
	Title: "Scrape targets",

	Up:      "%[1]s of %[2]s targets up",
	Down:    Counted{"%s down", "%s down"},
	Waiting: Counted{"%s not scraped yet", "%s not scraped yet"},
	Gone:    Counted{"%s vanished", "%s vanished"},
	Within:  "%[1]s within %[2]s",
	AllUp:   "all %[1]s targets up",

	AreDown: "Down", Jobs: "By job", Vanished: "Vanished",
	Job: "Job", Target: "Target", Reason: "Error", UpShare: "Up", Seen: "Last seen",
	Count: "Targets",
	Last:  "last scrape %[1]s", On: "on %[1]s",
	More: Counted{"%s more", "%s more"},

	Virtual: Counted{
		"%s target of a virtual node is left out, because nobody can scrape it",
		"%s targets of virtual nodes are left out, because nobody can scrape them",
	},
	Replaced: Counted{
		"%s other target was replaced, or its node left the cluster",
		"%s other targets were replaced, or their nodes left the cluster",
	},

	Trouble: map[string]string{
		"refused": "connection refused", "refused_by_pod": "connection refused", "timeout": "context deadline exceeded",
		"unreachable": "no route to the host", "broken_off": "the connection broke off",
		"no_host": "no such host", "no_dns": "the name server failed",
		"tls_authority": "TLS: unknown authority", "tls_name": "TLS: certificate for another name",
		"tls_expired": "TLS: the certificate is not valid now", "tls_plain": "HTTP instead of HTTPS",
		"tls_needed": "HTTPS instead of HTTP", "tls_client": "TLS: client certificate refused",
		"tls":          "TLS: the handshake failed",
		"unauthorized": "HTTP 401 Unauthorized", "forbidden": "HTTP 403 Forbidden",
		"not_found": "HTTP 404 Not Found", "status": "HTTP %[1]s",
		"body_limit": "body size limit exceeded", "sample_limit": "sample limit exceeded",
		"target_limit": "target limit exceeded", "label_limit": "label limit exceeded",
		"bucket_limit": "histogram bucket limit exceeded",
		"order":        "samples twice or out of order", "content_type": "no metrics there",
		"syntax": "unreadable metrics", "proxy": "the proxy does not answer",
		"credentials": "no credentials", "unknown": "error not known",
	},
	Advice: map[string]string{
		"refused":        "is the exporter running on this node?",
		"refused_by_pod": "does the pod listen on this port?",
		"timeout":        "the scrape takes longer than %[1]s, or a firewall drops it",
		"unreachable": "is the node up, and does a firewall or a network policy let Prometheus " +
			"through?",
		"broken_off":    "did the exporter crash or restart during the scrape?",
		"no_host":       "does the host or the Service still exist?",
		"no_dns":        "check the DNS of Prometheus",
		"tls_authority": "set ca_file in tls_config of the job",
		"tls_name":      "set server_name in tls_config of the job",
		"tls_expired":   "renew it, or check the clocks",
		"tls_plain":     "set scheme: http in the job",
		"tls_needed":    "set scheme: https in the job",
		"tls_client":    "set cert_file and key_file in tls_config of the job",
		"tls":           "check tls_config of the job",
		"unauthorized":  "the job needs credentials (authorization or basic_auth)",
		"forbidden":     "the job's credentials may not read the metrics",
		"not_found":     "check metrics_path and the port",
		"status":        "see the log of the exporter",
		"body_limit":    "raise body_size_limit of the job, or expose less",
		"sample_limit":  "raise sample_limit of the job, or drop metrics",
		"target_limit":  "raise target_limit of the job, or select fewer targets",
		"label_limit":   "raise the label limits of the job, or drop labels",
		"bucket_limit":  "raise native_histogram_bucket_limit of the job",
		"order":         "do two targets have the same labels?",
		"content_type":  "check metrics_path and the port, or set fallback_scrape_protocol",
		"syntax":        "check metrics_path and the port, or the exporter",
		"proxy":         "check proxy_url of the job",
		"credentials":   "Prometheus cannot read a file of the job, or its OAuth2 server refuses it",
	},

	NoList: "the server stores what others scrape and lists no targets; these come from the " +
		"metric up, which knows no errors",
	Past: "the server knows the errors only of now; the targets of that time come from the " +
		"metric up, which knows no errors",
	Refused: "the server refuses its list of targets (%[1]s); these come from the metric up, " +
		"which knows no errors",
	Unlisted: "the server's list of targets cannot be read (%[1]s); these come from the metric " +
		"up, which knows no errors",
	Part:            "the server's list of targets is incomplete: %[1]s",
	Figures:         "some figures of the scrapes are not known: %[1]s",
	VanishedUnknown: "which targets vanished is not known: %[1]s",
	Unknown:         "the targets are not known: %[1]s",
}

var koreanTargets = Targets{
	Title: "수집 대상",

	Up:      "대상 %[2]s개 중 %[1]s개 정상",
	Down:    always("%s개 응답 없음"),
	Waiting: always("%s개 아직 수집 전"),
	Gone:    always("%s개 사라짐"),
	Within:  "%[1]s(최근 %[2]s)",
	AllUp:   "대상 %[1]s개 모두 정상",

	AreDown: "응답 없음", Jobs: "잡별", Vanished: "사라진 대상",
	Job: "잡", Target: "대상", Reason: "오류", UpShare: "정상", Seen: "마지막 확인",
	Count: "대상 수",
	Last:  "마지막 수집 %[1]s", On: "노드 %[1]s",
	More: always("그 밖에 %s개"),

	Virtual:  always("가상 노드의 대상 %s개는 수집할 수 없어 제외함"),
	Replaced: always("그 밖의 대상 %s개는 교체되었거나 노드가 클러스터에서 제거됨"),

	Trouble: map[string]string{
		"refused":        "연결 거부됨(connection refused)",
		"refused_by_pod": "연결 거부됨(connection refused)", "timeout": "시간 초과(context deadline exceeded)",
		"unreachable": "호스트로 가는 경로 없음", "broken_off": "연결이 끊어짐",
		"no_host": "호스트 이름 없음", "no_dns": "이름 서버 오류",
		"tls_authority": "TLS: 알 수 없는 인증 기관", "tls_name": "TLS: 다른 이름의 인증서",
		"tls_expired": "TLS: 인증서 유효 기간이 아님", "tls_plain": "HTTPS가 아닌 HTTP",
		"tls_needed": "HTTP가 아닌 HTTPS", "tls_client": "TLS: 클라이언트 인증서 거부됨",
		"tls":          "TLS: 핸드셰이크 실패",
		"unauthorized": "HTTP 401(인증 필요)", "forbidden": "HTTP 403(권한 없음)",
		"not_found": "HTTP 404(없음)", "status": "HTTP %[1]s 오류",
		"body_limit": "본문 크기 제한 초과", "sample_limit": "샘플 수 제한 초과",
		"target_limit": "대상 수 제한 초과", "label_limit": "레이블 제한 초과",
		"bucket_limit": "히스토그램 버킷 제한 초과",
		"order":        "중복되거나 순서가 어긋난 샘플", "content_type": "메트릭이 아님",
		"syntax": "읽을 수 없는 메트릭", "proxy": "프록시 응답 없음",
		"credentials": "자격 증명 없음", "unknown": "오류를 알 수 없음",
	},
	Advice: map[string]string{
		"refused":        "이 노드에서 익스포터가 실행 중인지 확인하세요",
		"refused_by_pod": "파드가 이 포트에서 수신 대기 중인지 확인하세요",
		"timeout":        "수집이 %[1]s보다 오래 걸리거나 방화벽이 막고 있습니다",
		"unreachable":    "노드가 살아 있는지, 방화벽이나 네트워크 정책이 막는지 확인하세요",
		"broken_off":     "수집 중에 익스포터가 종료되거나 재시작했는지 확인하세요",
		"no_host":        "호스트나 서비스가 아직 있는지 확인하세요",
		"no_dns":         "Prometheus의 DNS를 확인하세요",
		"tls_authority":  "잡의 tls_config에 ca_file을 설정하세요",
		"tls_name":       "잡의 tls_config에 server_name을 설정하세요",
		"tls_expired":    "인증서를 갱신하거나 시계를 확인하세요",
		"tls_plain":      "잡에 scheme: http를 설정하세요",
		"tls_needed":     "잡에 scheme: https를 설정하세요",
		"tls_client":     "잡의 tls_config에 cert_file과 key_file을 설정하세요",
		"tls":            "잡의 tls_config를 확인하세요",
		"unauthorized":   "잡에 자격 증명이 필요합니다(authorization 또는 basic_auth)",
		"forbidden":      "잡의 자격 증명에 메트릭을 읽을 권한이 없습니다",
		"not_found":      "metrics_path와 포트를 확인하세요",
		"status":         "익스포터의 로그를 확인하세요",
		"body_limit":     "잡의 body_size_limit을 올리거나 노출을 줄이세요",
		"sample_limit":   "잡의 sample_limit을 올리거나 메트릭을 버리세요",
		"target_limit":   "잡의 target_limit을 올리거나 대상을 줄이세요",
		"label_limit":    "잡의 레이블 제한을 올리거나 레이블을 버리세요",
		"bucket_limit":   "잡의 native_histogram_bucket_limit을 올리세요",
		"order":          "두 대상의 레이블이 같은지 확인하세요",
		"content_type":   "metrics_path와 포트를 확인하거나 fallback_scrape_protocol을 설정하세요",
		"syntax":         "metrics_path와 포트, 익스포터를 확인하세요",
		"proxy":          "잡의 proxy_url을 확인하세요",
		"credentials":    "Prometheus가 잡의 파일을 읽지 못하거나 OAuth2 서버가 거부합니다",
	},

	NoList:          "서버에 대상 목록이 없어(저장소에는 없음) up에서 얻었으며, 오류는 알 수 없음",
	Past:            "서버는 현재의 오류만 알기 때문에 up에서 얻었으며, 그 시각의 오류는 알 수 없음",
	Refused:         "서버가 대상 목록을 거부해(%[1]s) up에서 얻었으며, 오류는 알 수 없음",
	Unlisted:        "서버의 대상 목록을 읽지 못해(%[1]s) up에서 얻었으며, 오류는 알 수 없음",
	Part:            "서버의 대상 목록이 불완전함: %[1]s",
	Figures:         "수집에 대한 일부 수치를 알 수 없음: %[1]s",
	VanishedUnknown: "어떤 대상이 사라졌는지 알 수 없음: %[1]s",
	Unknown:         "대상을 알 수 없음: %[1]s",
}
