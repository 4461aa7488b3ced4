package panels

// text is a built-in panel's words in another language than English, which stands in the panels
// themselves.
type text struct {
	title, subject, why, hint string
	events                    string // how a number of them is said, where the panel counts events
	remarks                   []string
	all                       string // the name of the series that stands for all nodes
}

const (
	hintExporterKO = "node_exporter가 제공합니다: 두 Helm 차트 모두 prometheus-node-exporter를 포함합니다 (커뮤니티 " +
		"prometheus 차트는 prometheus-node-exporter.enabled, kube-prometheus-stack은 " +
		"nodeExporter.enabled)."
	hintKSMKO = "kube-state-metrics가 제공합니다: 커뮤니티 Helm 차트는 kube-state-metrics.enabled, " +
		"kube-prometheus-stack은 kubeStateMetrics.enabled로 켭니다."
	hintContainersKO = "사용량은 kubelet의 cAdvisor가 제공하고 (/metrics/cadvisor 수집, 두 Helm 차트 모두 기본으로 켜져 " +
		"있음: job kubernetes-nodes-cadvisor, kubelet.serviceMonitor.cAdvisor)," +
		" 요청량과 제한은 kube-state-metrics가 제공합니다. 둘 중 하나라도 없는 컨테이너는 나타나지 않습니다."
	hintVolumesKO = "kubelet의 /metrics가 제공합니다 (커뮤니티 Helm 차트의 job kubernetes-nodes, " +
		"kube-prometheus-stack의 kubelet.enabled). 실행 중인 파드가 마운트했고 CSI 드라이버가 크기를 " +
		"보고하는(NodeGetVolumeStats) 볼륨만 나타납니다."
	whyRequestedKO = " capacity가 아니라 allocatable 기준입니다. 시스템 예약분은 파드가 쓸 수 없기 때문입니다. 종료된 파드는 요청량이 " +
		"메트릭에 남아 있어도 제외합니다."
)

// koreanSections are the sections by their English names.
var koreanSections = map[string]string{
	sectionNodes: "노드", sectionContainers: "컨테이너", sectionStorage: "스토리지",
	sectionMonitoring: "모니터링",
}

// korean is the panels' words by the panels' names; it is never written to.
var korean = map[string]text{
	"node-memory": {
		title: "노드 메모리", subject: "메모리", hint: hintExporterKO,
		why: "MemAvailable은 스왑 없이 더 내줄 수 있는 메모리를 커널이 직접 추정한 값이며, 나머지가 사용 중인 메모리입니다." +
			" MemFree나 Active로 보면 커널이 바로 돌려주는 페이지 캐시 때문에 정상 노드도 꽉 찬 것처럼 보입니다." +
			" 대용량 페이지(huge page)는 따로 요청한 프로세스의 몫이므로 양쪽 모두에서 제외하고, ZFS 캐시 중 돌려줄 수 있는 부분은 사용 가능한 " +
			"것으로 봅니다.",
	},
	"node-cpu": {
		title: "노드 CPU", subject: "CPU", hint: hintExporterKO,
		why: "코어가 이 머신의 일을 하는 데 쓴 CPU 시간의 비율입니다. iowait는 디스크를 기다린 시간이고 steal은 하이퍼바이저가 다른 머신에 내준 " +
			"시간입니다." +
			" 이 둘만 높은 노드는 느릴 뿐 바쁜 것이 아닌데, 단순히 전체에서 idle만 빼면 함께 집계됩니다.",
	},
	"node-disk": {
		title: "노드 디스크", subject: "디스크",
		why: "free가 아니라 avail 기준입니다. root만 쓸 수 있는 여유 공간은 파드에 도움이 되지 않습니다. 장치 이름은 부팅할 때 바뀔 수 있으므로 " +
			"디스크를 마운트 지점으로 구분합니다." +
			" 이미지, 파드의 볼륨, 다른 머신의 파일 시스템은 제외하고, ZFS 풀은 디스크 하나로 보되, 자체 할당량(quota)이 거의 찬 데이터셋은 따로 " +
			"보여 줍니다." +
			" kubelet은 85%부터 이미지를 지우고 90%에서 파드를 축출하므로 임계값은 둘보다 낮습니다. /boot는 95%에서 경고합니다.",
		remarks: []string{
			"다른 머신이 관리하는 파일 시스템이라 판정하지 않음: {{fstype}} {{device}} (마운트한 노드 수: {{value}})",
		},
		hint: hintExporterKO + " 컨테이너로 실행할 때는 호스트의 루트 파일 시스템이 보여야 합니다 " +
			"(prometheus-node-exporter.hostRootFsMount.enabled, 기본으로 켜져 있음).",
	},
	"node-inodes": {
		title: "노드 디스크 inode", subject: "inode", hint: hintExporterKO,
		why: "작은 파일이 많은 디스크는 바이트가 남아 있어도 inode가 소진되면 가득 찬 것입니다. 쓰기가 똑같이 “no space left on " +
			"device”로 실패합니다." +
			" inode 수를 보고하지 않는 파일 시스템은 제외합니다. XFS는 여유 공간에 inode를 만들므로, 디스크가 거의 찬 경우(디스크 패널이 " +
			"알립니다)에는 5분의 1이 비어 있는 것으로 보고 판정합니다.",
	},
	"node-readonly": {
		title: "읽기 전용으로 바뀐 디스크", subject: "읽기 전용", hint: hintExporterKO,
		why: "디스크에 장애가 나면 커널은 파일 시스템을 읽기 전용으로 바꿉니다. 아무것도 쓸 수 없게 되지만 다른 수치는 모두 정상으로 보입니다." +
			" 최근 하루(또는 3일 전이나 7일 전)에는 쓸 수 있었지만 지금은 쓸 수 없는 디스크가 1입니다. 그 전부터 읽기 전용이던 것은 의도된 것일 수 " +
			"있어 알리지 않습니다.",
	},
	"node-conditions": {
		title: "노드 컨디션", subject: "상태", hint: hintKSMKO,
		why: "kubelet과 컨트롤 플레인이 노드에 대해 직접 보고하는 상태이며, 1이면 문제가 있는 컨디션입니다. 더 이상 응답하지 않는 노드의 상태인 " +
			"“unknown”도 준비되지 않은 것으로 봅니다." +
			" 5분은 Kubernetes가 그 노드의 파드를 다른 노드로 옮기기 시작하는 시점입니다. 의미가 알려지지 않은 컨디션은 장애로 보지 않습니다.",
		remarks: []string{"의미를 알 수 없어 판정하지 않는 컨디션: {{condition}} (해당 노드 수: {{value}})"},
	},
	"node-network": {
		title: "노드 네트워크 트래픽", subject: "네트워크 트래픽", hint: hintExporterKO,
		why: "머신의 네트워크 카드가 주고받은 바이트입니다. 브리지, 터널, 파드의 가상 장치까지 더하면 같은 바이트를 두 번 세게 됩니다. 본딩과 그 " +
			"슬레이브처럼 주소가 같은 카드는 가장 많이 쓰인 하나만 셉니다." +
			" 가상 카드가 표시하는 속도는 클라우드가 실제로 허용하는 속도가 아니므로 임계값은 두지 않습니다.",
	},
	"node-network-errors": {
		title: "노드 네트워크 오류", subject: "네트워크 오류", hint: hintExporterKO,
		why: "전체 패킷 중 오류의 비율입니다. 초당 오류 10건은 바쁜 카드에서는 아무것도 아니지만 한산한 카드에서는 케이블 고장일 수 있습니다." +
			" drop이 아니라 error 기준입니다. 받을 프로세스가 없는 패킷을 버리는 것은 정상입니다.",
	},
	"node-pressure": {
		title: "노드 메모리 압박", subject: "메모리 압박",
		why: "메모리를 기다리느라 멈춰 있던 태스크가 있는 시간의 비율입니다. 사용률 90% 노드가 멀쩡하고 사용률 80% 노드가 힘겨울 수도 있는데, 이 값이 " +
			"둘을 구분해 줍니다." +
			" 어느 정도가 많은지는 워크로드에 따라 다르므로 임계값은 두지 않습니다.",
		hint: "node_exporter의 pressure 컬렉터가 제공합니다 (기본으로 켜져 있음). 커널 4.20 이상에서 PSI(pressure stall " +
			"information)가 켜져 있어야 합니다 (psi=1).",
	},
	"node-requests": {
		title: "노드 메모리 요청량", subject: "메모리 요청량", hint: hintKSMKO,
		why: "스케줄러는 실제 사용량이 아니라 요청량(requests)으로 파드를 배치합니다. 요청량이 가득 찬 노드는 아무리 한가해도 파드를 더 받지 않습니다." +
			whyRequestedKO,
	},
	"node-requests-cpu": {
		title: "노드 CPU 요청량", subject: "CPU 요청량", hint: hintKSMKO,
		why: "메모리와 마찬가지입니다. 요청할 수 있는 CPU가 남은 노드가 없으면 모든 노드가 한가해도 파드는 Pending 상태로 남습니다." +
			whyRequestedKO,
	},
	"container-memory": {
		title: "컨테이너 메모리 (제한 대비)", subject: "메모리", hint: hintContainersKO,
		why: "워킹 셋은 커널이 먼저 버리지 않는 메모리이며, cAdvisor가 알려 주면 사용 중인 페이지 캐시를 뺍니다. 이 값이 제한에 가까우면 돌려줄 " +
			"메모리가 없어 곧 컨테이너가 강제 종료됩니다." +
			" usage_bytes는 파일을 읽을 때마다 늘어납니다. 제한은 현재 적용 중인 값이며, *는 파드 전체를 판정한 것입니다.",
		remarks: []string{
			"메모리 제한이 없어 판정 대상이 아닌 컨테이너 수: {{value}}",
			"메모리 제한은 있지만 사용량이 수집되지 않아 판정하지 못한 컨테이너 수: {{value}}",
		},
	},
	"container-oom": {
		title: "최근 1시간 동안 OOM으로 종료된 컨테이너", subject: "OOM 종료 횟수", events: "OOM 종료 %s회",
		hint: hintKSMKO,
		why: "최근 1시간 안에 커널이 메모리 부족으로 컨테이너나 그 안의 프로세스를 종료한 횟수입니다. 마지막 종료가 OOM인 컨테이너의 재시작, 다시 시작되지 " +
			"않은 종료," +
			" 그리고 워커만 종료되고 컨테이너는 계속 실행될 때 cAdvisor가 센 횟수를 봅니다. 종료 사유만 보면 파드가 살아 있는 동안 계속 남아 있어 " +
			"지난달의 종료까지 알리게 됩니다.",
	},
	"container-restarts": {
		title: "최근 1시간 동안의 컨테이너 재시작", subject: "재시작 횟수", events: "재시작 %s회", hint: hintKSMKO,
		why: "파드가 생긴 뒤의 누적이 아니라 최근 1시간의 재시작 횟수입니다. 누적 40회는 1년 전 일일 수도 있습니다." +
			" 한두 번은 배포나 일시적인 문제이고, 5회를 넘으면 제대로 뜨지 못하는 컨테이너입니다.",
	},
	"pod-waiting": {
		title: "시작하지 못하는 파드", subject: "시작하지 못함", hint: hintKSMKO,
		why: "배치할 노드가 없거나, 이미지를 받지 못하거나, 컨테이너가 시작되지 않는 파드와 Kubernetes가 알려 주는 사유입니다. 1이면 대기 중인 " +
			"파드입니다." +
			" 15분이 지나면 정상적인 시작으로 보지 않습니다. 크래시 루프는 아무리 느려도 두 시간째부터 표시합니다.",
	},
	"container-cpu": {
		title: "컨테이너 CPU (요청량 대비)", subject: "CPU (요청량 대비)", hint: hintContainersKO,
		why: "보장받은 양에 비해 얼마나 쓰는지를 나타냅니다. 100% 이상이면 남는 CPU에 기대고 있어 노드가 바빠지면 가장 먼저 느려지고, 훨씬 낮으면 다른 " +
			"컨테이너가 쓸 CPU를 묶어 두고 있는 것입니다." +
			" 둘 다 그 자체로 장애는 아니므로 임계값은 두지 않습니다. 순위를 참고하십시오.",
	},
	"container-cpu-limit": {
		title: "컨테이너 CPU (제한 대비)", subject: "CPU (제한 대비)", hint: hintContainersKO,
		why: "CPU 제한에 닿은 컨테이너는 느려질 뿐 종료되지 않습니다. 이 상태가 30분 지속되면 제한이 너무 낮거나 무한 루프입니다." +
			" CPU 제한이 없는 컨테이너는 나타나지 않으며, 제한을 둘 필요도 없습니다.",
	},
	"container-throttling": {
		title: "컨테이너 CPU 스로틀링", subject: "CPU 스로틀링",
		why: "컨테이너가 실행하려 했지만 CPU 제한에 막힌 100 ms 주기의 비율입니다. 평균 CPU가 낮아 보여도 실제로는 느립니다." +
			" 무엇이 중단되는 것은 아니므로 위험으로는 판정하지 않습니다. 값이 빈 구간은 컨테이너가 전혀 실행되지 않은 시간입니다.",
		hint: "CPU 제한이 있는 컨테이너에 대해 kubelet의 cAdvisor(/metrics/cadvisor)가 제공합니다. " +
			"kube-prometheus-stack이 버리는 throttled_seconds 대신 주기(periods)를 사용합니다.",
	},
	"pvc": {
		title: "퍼시스턴트 볼륨", subject: "볼륨",
		why: "볼륨을 마운트한 kubelet이 본 사용률입니다. kube-state-metrics는 요청한 크기만 알고, 노드 디스크 패널에는 포함되지 않습니다." +
			" used가 아니라 available 기준입니다. 파일 시스템은 용량의 일부를 자체적으로 예약해 둡니다." +
			" 원시 블록 장치에는 가득 찰 파일 시스템이 없고, 읽기 전용 볼륨은 원래 가득 차 있습니다.",
		hint: hintVolumesKO,
		remarks: []string{
			"사용률을 보고하지 않는 PVC 수: {{value}}",
			"더 오래된 PVC와 같은 파일 시스템을 쓰며, 가장 오래된 PVC만 판정하는 PVC 수: {{value}}",
			"읽기 전용이라 만들어진 그대로 차 있으므로 판정하지 않는 볼륨 수: {{value}}",
			"애플리케이션만 사용량을 아는 원시 블록 볼륨 수: {{value}}",
		},
	},
	"pvc-inodes": {
		title: "퍼시스턴트 볼륨 inode", subject: "inode", hint: hintVolumesKO,
		why: "작은 파일이 많은 볼륨은 바이트가 남아 있어도 inode가 소진되면 가득 찬 것입니다." +
			" inode를 필요할 때 만드는 파일 시스템은 값을 보고하지 않으므로 제외됩니다.",
	},
	"target-flaps": {
		title: "응답이 끊겼다 이어지는 스크레이프 대상", subject: "응답 없음",
		why: "일부 스크레이프만 실패하는 대상은 알림이 발생할 만큼 오래 중단되지 않으며, 그 수치에는 빈 구간이 생깁니다." +
			" 메모리가 부족한 익스포터, 과부하 노드, 같은 주소를 쓰는 두 머신이 그런 예입니다. 1은 실패한 스크레이프입니다.",
		hint: "Prometheus는 모든 대상에 대해 up을 기록합니다. up이 없다면 스크레이프하는 대상이 없는 것이므로 Status → Targets를 " +
			"확인하십시오.",
	},
	"scrape-health": {
		title: "스크레이프 대상 응답률", subject: "응답하는 대상",
		why: "up은 Prometheus가 직접 기록하며, 대상이 응답하지 않으면 0입니다. 수집되지 않는 것은 위의 어떤 패널도 판정할 수 없습니다." +
			" job별 비율이므로 익스포터 50개 중 하나가 죽으면 재앙이 아니라 경고가 됩니다." +
			" 더 이상 수집 대상이 아니고 다른 곳에서도 같은 오브젝트를 알려 주지 않는 kube-state-metrics는 응답하지 않는 대상으로 셉니다. " +
			"클러스터의 모든 kubelet이나 익스포터가 사라진 경우도 같습니다.",
		hint: "Prometheus는 모든 대상에 대해 up을 기록합니다. up이 없다면 스크레이프하는 대상이 없는 것이므로 Status → Targets를 " +
			"확인하십시오.",
		remarks: []string{"응답 없음: {{job}} {{instance}}"},
	},
	"coverage": {
		title: "node_exporter 없는 노드", subject: "node_exporter 없음",
		all: "노드 {{value}}개 중 {{value}}개",
		why: "익스포터가 없는 노드는 어떤 노드 패널에도 나타나지 않고, 나타나지 않는다는 사실도 드러나지 않습니다. 그래서 Kubernetes가 아는 노드와 " +
			"보고하는 노드를 비교합니다." +
			" 1이면 보고하지 않는 노드입니다. 클러스터의 모든 노드에 없으면 한 행으로 표시합니다. node_exporter를 실행할 수 없는 가상 " +
			"노드(Fargate, ACI)와 Windows 노드는 제외합니다.",
		hint: hintKSMKO + " 그런 다음 그 노드에 node_exporter의 DaemonSet 파드가 없는 이유를 확인하십시오: 테인트나 포트 충돌일 " +
			"수 있습니다.",
	},
}
